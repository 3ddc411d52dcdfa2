"""The C interface of the engine (engine.cpp) as a Python class.

    >>> network = NativeNetwork(genotype, shape, largest_batch=64, parameters=6922, statistics=816)
    >>> network.load(split_images, table, crops)
    >>> network.train(labels).correct

No checks here: the arrays must have the types, shapes and ranges that are documented.
"""

import ctypes
import functools
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nasforge.recipe import NetworkShape
from nasforge.space.darts.genotype import OPERATION_INDEX, Genotype
from nasforge.training.native.build import NativeEngineError, library_path
from nasforge.training.native.structures import (
    EDGES,
    POINTER,
    Crops,
    Images,
    Score,
    Sgd,
    Shape,
    Targets,
    address,
)


class NativeNetwork:
    """One network in the engine's memory, freed with this object or by `close`.

    Args:
        genotype: The architecture.
        shape: The network's size.
        largest_batch: Most images at a time.
        parameters: Length of PyTorch's flat parameter vector, to check that both agree.
        statistics: Number of running means and variances, likewise.
        library: The compiled engine, by default the one for this machine.

    Attributes:
        parameters: float32 [parameters], a view of the engine's memory.
        gradients: Likewise.
        velocity: Likewise, the momentum of SGD.
        statistics: float32 [statistics], likewise, running means and variances norm by norm.

    Raises:
        NativeEngineError: The engine cannot be built, or does not fit the network.
        MemoryError: There is too little memory for it.
    """

    def __init__(
        self,
        genotype: Genotype,
        shape: NetworkShape,
        largest_batch: int,
        parameters: int,
        statistics: int,
        library: Path | None = None,
    ) -> None:
        self._library = load_engine(library or library_path())
        self._classes, self._size = shape.classes, shape.image_size
        self._samples = 0
        c_shape = Shape(
            shape.cells,
            shape.channels,
            shape.image_size,
            shape.classes,
            largest_batch,
            shape.auxiliary_head,
            (ctypes.c_int32 * (2 * EDGES * 2))(*_edge_numbers(genotype)),
            parameters,
            statistics,
        )
        message = ctypes.create_string_buffer(200)
        handle = self._library.nasforge_network_new(ctypes.byref(c_shape), message, len(message))
        if not handle:
            reason = f"the engine cannot hold the network: {message.value.decode()}"
            # Of this training alone: others may need less.
            raise MemoryError(reason) if "bad_alloc" in reason else NativeEngineError(reason)
        self._handle = handle
        self._free = weakref.finalize(self, self._library.nasforge_network_free, handle)
        self.parameters = self._view("parameters", parameters)
        self.gradients = self._view("gradients", parameters)
        self.velocity = self._view("velocity", parameters)
        self.statistics = self._view("statistics", statistics)

    def close(self) -> None:
        """Free the memory; the object cannot be used any more."""
        self._free()
        self.parameters = self.gradients = self.velocity = self.statistics = np.empty(0)
        self._handle = None

    def load(
        self,
        pixels: np.ndarray,
        normalised: np.ndarray,
        crops: Crops,
        partners: Crops | None = None,
        mix_weight: float = 1.0,
    ) -> None:
        """Make a batch of stored images the network's input.

        Args:
            pixels: uint8 [images, 3, size, size].
            normalised: float32 [3, 256], what every stored value becomes.
            crops: The batch.
            partners: The images mixed in, or None.
            mix_weight: Weight of an image against its partner.
        """
        images = Images(address(pixels), address(normalised))
        self._samples = len(crops.index)
        c_crops = crops.as_c()
        c_partners = None if partners is None else ctypes.byref(partners.as_c())
        self._library.nasforge_load(
            self._handle,
            ctypes.byref(images),
            ctypes.byref(c_crops),
            c_partners,
            mix_weight,
            self._samples,
        )

    def train(
        self,
        labels: np.ndarray,
        partner_labels: np.ndarray | None = None,
        mix_weight: float = 1.0,
        keep: np.ndarray | None = None,
        auxiliary_weight: float = 0.0,
    ) -> Score:
        """Gradients of the loaded batch, in training mode.

        Args:
            labels: int64 [n].
            partner_labels: int64 [n] with mixup, else None.
            mix_weight: Weight of `labels`.
            keep: float32 [cells, 8, n], drop-path factors, or None.
            auxiliary_weight: Of the auxiliary head's loss, which the score leaves out.
        """
        targets = Targets(address(labels), address(partner_labels), mix_weight)
        score = Score()
        self._library.nasforge_train(
            self._handle,
            ctypes.byref(targets),
            address(keep),
            auxiliary_weight,
            ctypes.byref(score),
        )
        return score

    def update(
        self,
        learning_rate: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        gradient_clip: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        """One step of SGD along the gradients."""
        options = Sgd(learning_rate, momentum, weight_decay, gradient_clip, nesterov)
        self._library.nasforge_update(self._handle, ctypes.byref(options))

    def evaluate(self, labels: np.ndarray) -> Score:
        """Score of the loaded batch with the running statistics."""
        targets, score = Targets(address(labels), None, 1.0), Score()
        self._library.nasforge_evaluate(self._handle, ctypes.byref(targets), ctypes.byref(score))
        return score

    def inputs(self) -> np.ndarray:
        """The loaded batch, float32 [n, 3, size, size]."""
        array = np.empty((3, self._size, self._size, self._samples), np.float32)
        self._library.nasforge_copy_input(self._handle, self._samples, address(array))
        return array.transpose(3, 0, 1, 2)

    def logits(self) -> np.ndarray:
        """Outputs for the loaded batch after `train` or `evaluate`, float32 [n, classes]."""
        array = np.empty((self._classes, self._samples), np.float32)
        self._library.nasforge_copy_logits(
            self._handle, self._classes, self._samples, address(array)
        )
        return array.T

    def _view(self, name: str, count: int) -> np.ndarray:
        pointer = getattr(self._library, f"nasforge_{name}")(self._handle)
        return np.ctypeslib.as_array(pointer, (count,))


def _edge_numbers(genotype: Genotype) -> Sequence[int]:
    return [
        number
        for cell in (genotype.normal, genotype.reduce)
        for edge in cell
        for number in (OPERATION_INDEX[edge.operation], edge.input)
    ]


@functools.cache
def load_engine(path: Path) -> ctypes.CDLL:
    """The library with the types of its functions.

    Raises:
        NativeEngineError: It cannot be loaded.
    """
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise NativeEngineError(f"{path}: cannot be loaded ({error}); delete the file") from error
    pointer, integer, double = POINTER, ctypes.c_int, ctypes.c_double
    floats = ctypes.POINTER(ctypes.c_float)
    signatures = {
        "network_new": (pointer, [pointer, ctypes.c_char_p, ctypes.c_size_t]),
        "network_free": (None, [pointer]),
        "parameters": (floats, [pointer]),
        "gradients": (floats, [pointer]),
        "velocity": (floats, [pointer]),
        "statistics": (floats, [pointer]),
        "load": (None, [pointer, pointer, pointer, pointer, double, integer]),
        "train": (None, [pointer, pointer, pointer, double, pointer]),
        "update": (None, [pointer, pointer]),
        "evaluate": (None, [pointer, pointer, pointer]),
        "copy_input": (None, [pointer, integer, pointer]),
        "copy_logits": (None, [pointer, integer, integer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, f"nasforge_{name}")
        function.restype, function.argtypes = result, arguments
    return library
