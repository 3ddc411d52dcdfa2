"""One side of a split per network: development and test part, and folds.

    >>> parts = test_part(architecture_ids, strata, fraction=0.2, seed=0)

Members are drawn by ranking a hash of (seed, architecture_id) within each stratum, so a split is
a function of what is split, not of its order, and all replicates of a network are on one side.
"""

from collections.abc import Sequence

import numpy as np

from nasforge.recipe import digest

MINIMUM_DEVELOPMENT = 10
"""Architectures, without which nothing can be fitted."""


def test_part(
    architecture_ids: Sequence[str], strata: Sequence[str], fraction: float, seed: int
) -> np.ndarray:
    """Which architectures are in the test part: bool [n], about `fraction` of every stratum.

    Args:
        architecture_ids: Distinct ids.
        strata: A stratum (sampler) per architecture.
        fraction: Size of the test part.
        seed: Seed of the draw.
    """
    chosen = np.zeros(len(architecture_ids), dtype=bool)
    for indices in _ranked(architecture_ids, strata, ["test", seed]):
        chosen[indices[: round(fraction * len(indices))]] = True
    return chosen


# pytest would otherwise collect the function above where it is imported.
test_part.__test__ = False  # type: ignore[attr-defined]


def fold_numbers(
    architecture_ids: Sequence[str], strata: Sequence[str], folds: int, seed: int
) -> np.ndarray:
    """A fold per architecture: int64 [n] from 0 to folds - 1, balanced within every stratum."""
    numbers = np.zeros(len(architecture_ids), dtype=np.int64)
    dealt = 0
    for indices in _ranked(architecture_ids, strata, ["fold", seed]):
        # Dealing goes on from stratum to stratum, so that small strata do not all fill fold 0.
        numbers[indices] = (dealt + np.arange(len(indices))) % folds
        dealt += len(indices)
    return numbers


def _ranked(
    architecture_ids: Sequence[str], strata: Sequence[str], key: list[str | int]
) -> list[np.ndarray]:
    """Indices of each stratum in the order of their hashes."""
    hashes = np.array([digest([*key, architecture_id]) for architecture_id in architecture_ids])
    order = np.argsort(hashes, kind="stable")
    names = np.asarray(strata)
    return [order[names[order] == name] for name in sorted(set(strata))]
