"""Edits between architectures, in any space.

>>> edits(DARTS, found, evaluated).min(axis=1)    # to the nearest evaluated one
"""

from collections.abc import Sequence

import numpy as np

from nasforge.space.protocol import Architecture, SearchSpace


def edits(
    space: SearchSpace, architectures: Sequence[Architecture], others: Sequence[Architecture]
) -> np.ndarray:
    """Edits from each architecture to each of others: int64 [n, m].

    A space without `edit_distances` gets the number of differing variables of canonical forms.
    """
    if hasattr(space, "edit_distances"):
        return space.edit_distances(architectures, others)
    vectors = np.stack([space.to_vector(space.canonical(a)) for a in others])
    own = [space.to_vector(space.canonical(a)) for a in architectures]
    return np.stack([(vectors != vector).sum(axis=1) for vector in own])
