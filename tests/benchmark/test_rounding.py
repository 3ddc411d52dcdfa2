"""What processors differ in is rounded away, and nothing else changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nasforge.benchmark.entries import PartEntry
from nasforge.benchmark.rounding import rounded, rounded_array

FINITE = st.floats(-1e300, 1e300)


def test_everything_but_floats_stays_as_it_is() -> None:
    record = {"name": "a", "n": 12345678901234, "known": True, "none": None, "rows": [{"x": 0.5}]}
    assert rounded(record) == record
    assert rounded(record)["known"] is True


def test_a_dataclass_keeps_its_type() -> None:
    part = PartEntry("linear", "linear.npz", "features", "identity", 0.1 + 0.2)
    assert rounded((part,)) == (PartEntry("linear", "linear.npz", "features", "identity", 0.3),)


@given(st.floats(0.001, 1000.0), st.sampled_from([-1, 1]))
def test_the_last_digit_makes_no_difference_but_at_the_edge(value: float, direction: int) -> None:
    value = rounded(value)
    assert rounded(float(np.nextafter(value, direction * np.inf))) == value


@given(FINITE)
def test_it_is_near_and_rounding_again_changes_nothing(value: float) -> None:
    once = rounded(value)
    assert abs(once - value) <= 1e-11 * abs(value)
    assert rounded(once) == once


def test_arrays_keep_their_shape() -> None:
    values = np.array([[0.1 + 0.2, 1.0], [1 / 3, -2e-9]])
    assert rounded_array(values, 3).tolist() == [[0.3, 1.0], [0.333, -2e-9]]
    assert rounded_array(values).tolist() == [[0.3, 1.0], [0.333333333333, -2e-9]]
