"""How far an architecture is from those that surrogates learnt: prediction or extrapolation?

>>> Support.of(vectors).share(other_vectors)      # float64 [n] from 0 (far) to 1 (near)

Distances count the differing choices of canonical forms. An architecture is compared with how far
the training architectures are from each other: 0.05 says that only a twentieth of them is as far
from its nearest fellow as this one is from its nearest training architecture.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.frozen import read_file
from nasforge.benchmark.manifest import Manifest
from nasforge.errors import BenchmarkFormatError
from nasforge.space.protocol import SearchSpace

SUPPORT_FILE = "support.npz"


@dataclass(frozen=True, eq=False)
class Support:
    """What surrogates learnt.

    Attributes:
        vectors: uint8 [n, variables], `to_vector` of the canonical training architectures.
        nearest: uint16 [n], ascending: how far each is from the nearest other one.
    """

    vectors: np.ndarray
    nearest: np.ndarray

    def __post_init__(self) -> None:
        if self.vectors.dtype != np.uint8 or self.vectors.ndim != 2 or not len(self.vectors):
            raise BenchmarkFormatError("vectors: must be a uint8 table of rows")
        if self.nearest.dtype != np.uint16 or self.nearest.shape != self.vectors.shape[:1]:
            raise BenchmarkFormatError("nearest: must be uint16, one per row of vectors")
        if (self.nearest[1:] < self.nearest[:-1]).any():
            raise BenchmarkFormatError("nearest: must ascend")

    @classmethod
    def of(cls, vectors: np.ndarray) -> Self:
        """From the training architectures; a single one is infinitely far from any other."""
        nearest = np.full(len(vectors), np.iinfo(np.uint16).max)
        for row, vector in enumerate(vectors):
            others = np.delete(vectors, row, axis=0)
            if len(others):
                nearest[row] = (others != vector).sum(axis=1).min()
        return cls(np.ascontiguousarray(vectors, np.uint8), np.sort(nearest).astype(np.uint16))

    def share(self, vectors: np.ndarray) -> np.ndarray:
        """Part of the training architectures that are at least as far from their fellows.

        Args:
            vectors: uint8 [m, variables] of canonical architectures.

        Returns:
            float64 [m] in [0, 1].
        """
        distances = [(self.vectors != vector).sum(axis=1).min() for vector in vectors]
        nearer = np.searchsorted(self.nearest, np.array(distances), side="left")
        return 1.0 - nearer / len(self.nearest)


def open_support(folder: Path, manifest: Manifest, space: SearchSpace) -> Support:
    """Read a frozen benchmark's.

    Raises:
        BenchmarkFormatError: It has none, or it is malformed.
    """
    if SUPPORT_FILE not in manifest.files:
        raise BenchmarkFormatError(f"{folder}: {SUPPORT_FILE} is missing")
    arrays = unpack_arrays(read_file(folder, manifest, SUPPORT_FILE), SUPPORT_FILE)
    if set(arrays) != {"vectors", "nearest"}:
        raise BenchmarkFormatError(f"{folder / SUPPORT_FILE}: must have vectors and nearest")
    try:
        support = Support(**arrays)
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{folder / SUPPORT_FILE}: {error}") from None
    if support.vectors.shape[1] != len(space.variables):
        raise BenchmarkFormatError(
            f"{folder / SUPPORT_FILE}: rows of {support.vectors.shape[1]} choices, the space has "
            f"{len(space.variables)}"
        )
    return support
