"""What is handed to the engine: C structures of engine.cpp, and the crops of a batch.

>>> Crops(index).of(positions).as_c()
"""

import ctypes
from dataclasses import dataclass

import numpy as np

POINTER = ctypes.c_void_p
EDGES = 8


class Shape(ctypes.Structure):
    """The network: its size, and (operation, input) of every edge."""

    _fields_ = (
        ("cells", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("image_size", ctypes.c_int32),
        ("classes", ctypes.c_int32),
        ("largest_batch", ctypes.c_int32),
        ("auxiliary_head", ctypes.c_int32),
        ("edges", ctypes.c_int32 * (2 * EDGES * 2)),
        ("parameters", ctypes.c_int64),
        ("statistics", ctypes.c_int64),
    )


class Images(ctypes.Structure):
    """A split's uint8 images, and the table that normalises them."""

    _fields_ = (("pixels", POINTER), ("normalised", POINTER))


class CropPointers(ctypes.Structure):
    """`Crops` as the engine reads them."""

    _fields_ = (
        ("index", POINTER),
        ("rows", POINTER),
        ("columns", POINTER),
        ("mirrored", POINTER),
        ("cutout_rows", POINTER),
        ("cutout_columns", POINTER),
        ("padding", ctypes.c_int32),
        ("cutout", ctypes.c_int32),
    )


class Targets(ctypes.Structure):
    """Labels of a batch; with mixup two of each and the first one's weight."""

    _fields_ = (("first", POINTER), ("second", POINTER), ("weight", ctypes.c_double))


class Sgd(ctypes.Structure):
    """A step of stochastic gradient descent."""

    _fields_ = (
        ("learning_rate", ctypes.c_double),
        ("momentum", ctypes.c_double),
        ("weight_decay", ctypes.c_double),
        ("gradient_clip", ctypes.c_double),
        ("nesterov", ctypes.c_int),
    )


class Score(ctypes.Structure):
    """Summed loss and number of right answers of a batch."""

    _fields_ = (("loss", ctypes.c_double), ("correct", ctypes.c_int64))


@dataclass(frozen=True, eq=False)
class Crops:
    """Which images a batch shows, and how; see `Batch`. None is an option that is off.

    Attributes:
        index: int64 [n], which images.
        rows: int64 [n], where each crop starts in the padded image.
        columns: int64 [n], likewise.
        mirrored: bool [n], which crops are mirrored left to right.
        cutout_rows: int64 [n], centre of each blanked square.
        cutout_columns: int64 [n], likewise.
        padding: Black pixels around each image.
        cutout: Side of the blanked square; 0 is none.
    """

    index: np.ndarray
    rows: np.ndarray | None = None
    columns: np.ndarray | None = None
    mirrored: np.ndarray | None = None
    cutout_rows: np.ndarray | None = None
    cutout_columns: np.ndarray | None = None
    padding: int = 0
    cutout: int = 0

    def of(self, positions: np.ndarray) -> "Crops":
        """The crops at some positions of the batch, in that order."""
        arrays = (
            None if array is None else np.ascontiguousarray(array[positions])
            for array in self._arrays()
        )
        return Crops(*arrays, padding=self.padding, cutout=self.cutout)

    def _arrays(self) -> tuple[np.ndarray | None, ...]:
        return (
            self.index,
            self.rows,
            self.columns,
            self.mirrored,
            self.cutout_rows,
            self.cutout_columns,
        )

    def as_c(self) -> CropPointers:
        """Pointers into the arrays, which must stay alive meanwhile."""
        return CropPointers(*map(address, self._arrays()), self.padding, self.cutout)


def address(array: np.ndarray | None) -> int | None:
    """Of the array's first element; the array must stay alive meanwhile."""
    return None if array is None else array.ctypes.data
