"""Edits between architectures."""

import numpy as np

from nasforge.space import DARTS
from nasforge.studies.edits import edits


def test_a_space_without_edit_distances_counts_variables() -> None:
    class Plain:
        to_vector, canonical = DARTS.to_vector, DARTS.canonical

    rng = np.random.default_rng(1)
    a, b = DARTS.canonical(DARTS.sample(rng)), DARTS.canonical(DARTS.sample(rng))
    [row] = edits(Plain(), [a], [a, b])
    assert row[0] == 0
    assert row[1] == (DARTS.to_vector(a) != DARTS.to_vector(b)).sum()
    np.testing.assert_array_equal(edits(DARTS, [a], [a, b]), DARTS.edit_distances([a], [a, b]))
