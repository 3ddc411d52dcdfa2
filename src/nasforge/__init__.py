"""nasforge makes surrogate NAS benchmarks in the open, and answers their queries with numpy.

    >>> import nasforge
    >>> bench = nasforge.load("results/quickstart/export/darts-digits-v1")
    >>> bench.query(genotype).val_accuracy

Importing nasforge and querying import numpy and nothing heavier.
"""

from importlib.metadata import version

from nasforge.benchmark import Benchmark, Prediction, available, load
from nasforge.errors import NasforgeError

__version__ = version("nasforge")

__all__ = ["Benchmark", "NasforgeError", "Prediction", "__version__", "available", "load"]
