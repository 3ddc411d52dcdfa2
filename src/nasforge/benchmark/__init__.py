"""Frozen benchmarks: their format, their predictors in numpy, and the query API.

>>> from nasforge.benchmark import load
>>> load("results/quickstart/export/darts-digits-v1").query(genotype)
"""

from nasforge.benchmark.benchmark import Benchmark, Prediction
from nasforge.benchmark.registry import available, load

__all__ = ["Benchmark", "Prediction", "available", "load"]
