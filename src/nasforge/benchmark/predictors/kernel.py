"""Kernel machines as arrays: a weighted sum of similarities to training rows.

>>> KernelPredictor(rows, dual, first_row, scale, kernel, bias).predict(features)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from nasforge.benchmark.predictors.checks import (
    arrays_of,
    require_finite,
    require_range,
    widen,
)
from nasforge.errors import BenchmarkFormatError

KERNELS = ("rbf", "matern52")
"""Names by number: exp(-d^2 / 2), and (1 + sqrt(5) d + 5 d^2 / 3) exp(-sqrt(5) d)."""

CHUNK_VALUES = 2**17
"""Distances computed at a time; what fits into a core's cache."""

MAX_MEMBERS = 256
"""Bounds the memory of a query, in which every member is compared with every row."""

MAX_PAIRS = 2**23
"""Members times rows, for the same reason: 64 MiB."""


@dataclass(frozen=True, eq=False)
class KernelPredictor:
    """Members `bias + sum_i dual_i k(|x - row_i| * scale)`.

    Attributes:
        rows: float32 [rows, d], the members' support rows one after another.
        dual: float64 [rows].
        first_row: int32 [members], each member's first row.
        scale: float64 [members, d], factor of each column: one over its length scale.
        kernel: int32 [members], index into `KERNELS`.
        bias: float64 [members].
    """

    rows: np.ndarray
    dual: np.ndarray
    first_row: np.ndarray
    scale: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    kind: ClassVar[str] = "kernel"

    def __post_init__(self) -> None:
        widen(self, rows="f4", dual="f8", first_row="i4", scale="f8", kernel="i4", bias="f8")
        if self.rows.ndim != 2 or self.scale.ndim != 2 or not self.rows.size:
            raise BenchmarkFormatError("rows, scale: must have two axes and not be empty")
        members = self.members
        shapes = {
            "dual": (len(self.rows),),
            "first_row": (members,),
            "scale": (members, self.rows.shape[1]),
            "kernel": (members,),
            "bias": (members,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape or not members:
                raise BenchmarkFormatError(
                    f"{name}: shape {list(getattr(self, name).shape)}, expected {list(shape)}"
                )
        if members > MAX_MEMBERS:
            raise BenchmarkFormatError(
                f"bias: {members} members, at most {MAX_MEMBERS} are allowed"
            )
        if members * len(self.rows) > MAX_PAIRS:
            raise BenchmarkFormatError(
                f"rows: {members} members times {len(self.rows)} rows, at most {MAX_PAIRS} are "
                "allowed"
            )
        require_finite(self, "rows", "dual", "scale", "bias")
        require_range("kernel", self.kernel, 0, len(KERNELS) - 1)
        require_range("first_row", self.first_row, 0, len(self.rows) - 1)
        if self.first_row[0] != 0 or (np.diff(self.first_row) <= 0).any():
            raise BenchmarkFormatError("first_row: must start at 0 and increase")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.bias)

    @property
    def features(self) -> int:
        """Number of feature columns."""
        return self.rows.shape[1]

    def accepts(self, width: int) -> bool:
        """Only as many as the rows have."""
        return width == self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members]."""
        rows, dual, squares = self._shared
        weights = self.scale[:, self._columns] ** 2
        answer = np.empty((len(features), self.members))
        chunk = max(1, CHUNK_VALUES // max(dual.size, weights.size))
        for start in range(0, len(features), chunk):
            part = slice(start, start + chunk)
            x = features[part, self._columns].astype(np.float64)
            # |(x - row) * scale|^2 of every member, in three terms.
            squared = (x[:, None] * weights).reshape(-1, len(rows)) @ rows
            squared = squared.reshape(len(x), self.members, -1) * -2.0
            squared += squares
            squared += (x**2 @ weights.T)[:, :, None]
            for kernel in set(self.kernel.tolist()):
                which = self.kernel == kernel
                values = kernel_values(kernel, squared[:, which])
                answer[part, which] = np.einsum("nmi,mi->nm", values, dual[which])
        return answer + self.bias

    @cached_property
    def _columns(self) -> np.ndarray:
        """Columns that play a part in any member; of one-hot rows that may be few."""
        columns = np.flatnonzero(self.scale.any(axis=0))
        return columns if len(columns) else np.zeros(1, dtype=np.int64)

    @cached_property
    def _shared(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Members know much the same rows, so all are compared with all of them.

        Returns:
            The distinct rows, float64 [columns, rows]; the weight of each in every member, and
            the sum of its scaled squares: float64 [members, rows].
        """
        used = np.ascontiguousarray(self.rows[:, self._columns])
        # As bytes: far faster than with axis=0.
        number = used.view(f"V{used.itemsize * used.shape[1]}").ravel()
        _, first, which = np.unique(number, return_index=True, return_inverse=True)
        rows = used[first]
        dual = np.zeros((self.members, len(rows)))
        member = np.searchsorted(self.first_row, np.arange(len(self.rows)), side="right") - 1
        np.add.at(dual, (member, which.ravel()), self.dual)
        rows = rows.T.astype(np.float64)
        return rows, dual, self.scale[:, self._columns] ** 2 @ rows**2

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes."""
        return arrays_of(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        offsets = np.cumsum([0, *(len(part.rows) for part in parts)])[:-1]
        first_rows = [p.first_row + offset for p, offset in zip(parts, offsets, strict=True)]
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "dual", "scale", "kernel", "bias")
        }
        return cls(**joined, first_row=np.concatenate(first_rows).astype(np.int32))


def similarity(kernel: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The kernel between all scaled rows: [n, d] and [m, d] -> [n, m]."""
    return kernel_values(kernel, (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T)


def kernel_values(kernel: int, squared: np.ndarray) -> np.ndarray:
    """The kernel at squared distances, of any shape."""
    squared = np.maximum(squared, 0.0)  # rounding may leave less
    if KERNELS[kernel] == "rbf":
        return np.exp(-0.5 * squared)
    distance = np.sqrt(5.0 * squared)
    return (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
