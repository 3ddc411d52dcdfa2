"""Surrogates: splits, families, ensembles, noise, scores, selection and export. Needs `fit`.

>>> from nasforge.surrogates.families import FAMILIES
"""
