"""Evaluations: their schema and ids, the cache of finished trainings, proposals and tables.

>>> from nasforge.evaluations.schema import Evaluation
"""
