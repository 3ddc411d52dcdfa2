"""Which observations a model keeps, and in which slots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import OptimizerError
from nasforge.optimizers.history import History


def kept(history, values):
    """Positions of what is kept, by slot."""
    slots = {}
    for position, value in enumerate(values):
        slots[history.add(value)] = position
    return [slots[slot] for slot in range(len(history))]


def test_all_are_kept_while_there_is_room():
    history = History(6)
    assert kept(history, [3.0, 1.0, 2.0, 5.0, -np.inf]) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(history.values, [3.0, 1.0, 2.0, 5.0, -np.inf])


def test_the_latest_half_and_the_best_of_the_older_ones_stay():
    values = [9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 0.0, 0.5, 0.25]
    assert sorted(kept(History(6), values)) == [0, 2, 4, 6, 7, 8]


def test_of_equal_ones_the_older_leaves():
    assert sorted(kept(History(4), [1.0, 1.0, 1.0, 1.0, 1.0])) == [1, 2, 3, 4]


@given(st.lists(st.sampled_from([-np.inf, 0.1, 0.2, 0.3, 0.4]), max_size=60), st.integers(2, 12))
def test_it_is_the_rule_of_its_docstring(values, size):
    history = History(size)
    positions = kept(history, values)
    half = size - size // 2
    older = range(max(len(values) - half, 0))
    best = sorted(older, key=lambda position: (values[position], position))[-(size // 2) :]
    assert sorted(positions) == sorted({*best, *range(len(values))[-half:]})
    assert history.values.tolist() == [values[position] for position in positions]


@pytest.mark.parametrize("size", [1, 0, 2.5, True])
def test_too_small_is_refused(size):
    with pytest.raises(OptimizerError, match=r"max_history .* at least 2"):
        History(size)
