"""Ensembles as arrays, predicting with numpy alone.

    >>> predictor = make_predictor("forest", arrays)
    >>> predictor.predict(features)          # [n, members] on the target's scale

A predictor is all that is kept of a fitted ensemble: what is scored is what is exported. It is
checked once, when made, so that a query on arrays from a stranger ends and stays in bounds. Each
kind has a module of its own; `stack` joins members into an ensemble.
"""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from nasforge.benchmark.predictors.forest import ForestPredictor
from nasforge.benchmark.predictors.gin import GinPredictor
from nasforge.benchmark.predictors.kernel import KernelPredictor
from nasforge.benchmark.predictors.linear import LinearPredictor
from nasforge.benchmark.predictors.mlp import MlpPredictor
from nasforge.benchmark.predictors.protocol import Predictor
from nasforge.errors import BenchmarkFormatError

__all__ = [
    "PREDICTORS",
    "ForestPredictor",
    "GinPredictor",
    "KernelPredictor",
    "LinearPredictor",
    "MlpPredictor",
    "Predictor",
    "make_predictor",
]

PREDICTORS: dict[str, type[Predictor]] = {
    cls.kind: cls
    for cls in (LinearPredictor, ForestPredictor, KernelPredictor, GinPredictor, MlpPredictor)
}
"""Predictor classes by the name they have in a manifest."""


def make_predictor(kind: str, arrays: Mapping[str, np.ndarray]) -> Predictor:
    """Build and check a predictor.

    Raises:
        BenchmarkFormatError: The kind is unknown, or an array is missing, unknown or malformed.
    """
    if kind not in PREDICTORS:
        raise BenchmarkFormatError(
            f"unknown kind of predictor {kind[:60]!r}; this version reads {', '.join(PREDICTORS)}"
        )
    cls = PREDICTORS[kind]
    expected = {field.name for field in fields(cls)}
    if set(arrays) != expected:
        found = str(sorted(arrays))[:200]  # a stranger's names may be long
        raise BenchmarkFormatError(
            f"a {kind} predictor has arrays {found}, expected {sorted(expected)}"
        )
    return cls(**arrays)
