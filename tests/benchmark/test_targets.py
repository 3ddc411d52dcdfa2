"""Targets and the scales they are predicted on."""

import numpy as np
import pytest

from nasforge.benchmark.targets import TARGETS, Scale
from nasforge.errors import BenchmarkFormatError


@pytest.mark.parametrize("name", ["identity", "log"])
def test_scales_are_inverted(name: str) -> None:
    values = np.array([0.25, 1.0, 300.0])
    scale = Scale(name)
    np.testing.assert_allclose(scale.inverse(scale.forward(values)), values, rtol=1e-14)


def test_the_log_scale_is_a_logarithm() -> None:
    np.testing.assert_allclose(Scale("log").forward(np.array([1.0, np.e])), [0.0, 1.0])


def test_an_unknown_scale_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BenchmarkFormatError, match="'sqrt'; this version reads identity, log"):
        Scale("sqrt")


def test_predicted_accuracies_are_kept_between_0_and_1_and_times_are_not() -> None:
    values = np.array([-0.5, 0.5, 1.5])
    assert TARGETS["val_accuracy"].natural(values).tolist() == [0.0, 0.5, 1.0]
    np.testing.assert_allclose(TARGETS["train_time_s"].natural(values), np.exp(values))
