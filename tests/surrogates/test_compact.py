"""Rounded members: smaller in a file, and the same predictor otherwise."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nasforge.benchmark.arrays import narrowed, pack_arrays
from nasforge.benchmark.predictors import ForestPredictor, GinPredictor, MlpPredictor
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.space.darts.graph import LAYOUT
from nasforge.surrogates.compact import compact
from nasforge.surrogates.families import FAMILIES

SETTINGS = {
    "lightgbm": {"trees": 20},
    "xgboost": {"trees": 20},
    "random_forest": {"trees": 20},
    "gin": {"hidden": 8, "layers": 1, "epochs": 5},
    "mlp": {"hidden": 8, "epochs": 5},
}


def stump(threshold: float, value: float = 1.0) -> ForestPredictor:
    """0 up to the threshold, `value` above."""
    return ForestPredictor(
        feature=np.zeros(3, np.int32),
        threshold=np.array([threshold, np.inf, np.inf]),
        left=np.array([1, 1, 2], np.int32),
        right=np.array([2, 1, 2], np.int32),
        value=np.array([0.0, 0.0, value]),
        root=np.zeros(1, np.int32),
        first_tree=np.zeros(1, np.int32),
        base=np.zeros(1),
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_predictions_move_by_less_than_noise(name: str, genotypes: list[Genotype]) -> None:
    family = FAMILIES[name]
    features = DARTS.encode(genotypes, family.encoding_for(DARTS))
    labels = np.random.default_rng(0).normal(0.6, 0.05, len(genotypes))
    member = family.fit(features, labels, 0, LAYOUT, **SETTINGS[name])
    small = compact(member)
    change = small.predict(features) - member.predict(features)
    assert 0 < np.abs(change).max() < 0.001 * labels.std()
    before, after = (len(pack_arrays(narrowed(each.to_arrays()))) for each in (member, small))
    assert after < 0.9 * before


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
)
@example(np.nextafter(-float(np.finfo(np.float32).max), -np.inf), 0.0)
def test_a_rounded_threshold_divides_float32_the_same(threshold: float, feature: float) -> None:
    forest = compact(stump(threshold))
    assert forest.threshold[0] == np.float32(forest.threshold[0])
    for value in (feature, np.float32(np.clip(threshold, -3e38, 3e38))):
        goes_left = float(np.float32(value)) <= threshold
        assert forest.predict(np.array([[value]], np.float32))[0, 0] == (0.0 if goes_left else 1.0)


@given(st.floats(1e-300, 1e300) | st.floats(-1e300, -1e-300))
def test_a_leaf_keeps_eleven_significant_bits(value: float) -> None:
    [_, _, rounded] = compact(stump(0.5, value)).value
    assert abs(rounded - value) <= abs(value) * 2**-11
    mantissa, _ = np.frexp(rounded)
    assert mantissa * 2**11 == round(mantissa * 2**11)


def test_a_leaf_of_nothing_stays_one() -> None:
    assert compact(stump(0.5, 0.0)).value.tolist() == [0.0, 0.0, 0.0]


def test_weights_too_large_for_half_precision_stay_as_they_are(genotypes: list[Genotype]) -> None:
    features = DARTS.encode(genotypes, "one_hot")
    labels = np.random.default_rng(0).normal(size=len(genotypes))
    member = FAMILIES["mlp"].fit(features, labels, 0, **SETTINGS["mlp"])
    arrays = member.to_arrays()
    large = MlpPredictor(**{**arrays, "input_biases": arrays["input_biases"] + 1e6})
    small = compact(large)
    np.testing.assert_array_equal(small.input_biases, large.input_biases)
    assert not np.array_equal(small.input_weights, large.input_weights)


def test_what_is_compact_stays_as_it_is(genotypes: list[Genotype]) -> None:
    features = DARTS.encode(genotypes, "graph")
    labels = np.random.default_rng(0).normal(size=len(genotypes))
    once = compact(FAMILIES["gin"].fit(features, labels, 0, LAYOUT, **SETTINGS["gin"]))
    assert isinstance(once, GinPredictor)
    for name, array in compact(once).to_arrays().items():
        np.testing.assert_array_equal(array, once.to_arrays()[name], strict=True)


@pytest.mark.parametrize("name", ["linear", "gaussian_process"])
def test_other_predictors_are_kept(name: str, genotypes: list[Genotype]) -> None:
    family = FAMILIES[name]
    features = DARTS.encode(genotypes, family.encoding_for(DARTS))
    member = family.fit(features, np.arange(40.0), 0)
    assert compact(member) is member
