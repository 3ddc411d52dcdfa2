"""From a frozen folder to models: every array checked once, here.

>>> models = open_models(folder, manifest, DARTS, "lightgbm")
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.entries import PartEntry
from nasforge.benchmark.fingerprint import (
    GOLDEN_ARCHITECTURES,
    encoding_fingerprint,
    golden_architectures,
)
from nasforge.benchmark.frozen import read_file
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import GinPredictor, Predictor, make_predictor
from nasforge.benchmark.section import FILE, plain_key
from nasforge.benchmark.targets import Scale
from nasforge.errors import BenchmarkFormatError, GenotypeError
from nasforge.space.encoding import encode, encodings_of, feature_names
from nasforge.space.protocol import SearchSpace

T = TypeVar("T")


def open_models(
    folder: Path, manifest: Manifest, space: SearchSpace, surrogate: str
) -> dict[str, Model]:
    """One surrogate's models by target.

    Raises:
        BenchmarkFormatError: An array is malformed, or an encoding is not the installed one.
    """
    _check_encodings(folder, manifest, space, manifest.surrogates[surrogate].encodings)
    predictors = _Predictors(folder, manifest, space)
    models = {}
    for target, entry in manifest.surrogates[surrogate].targets.items():
        parts = tuple(map(predictors.part, entry.parts))
        if len({part.predictor.members for part in parts}) > 1:
            raise BenchmarkFormatError(
                f"{folder}: the parts of {surrogate}.{target} have different numbers of members"
            )
        models[target] = Model(parts)
    return models


def open_curve(folder: Path, manifest: Manifest, space: SearchSpace) -> CurveModel | None:
    """The learning curve, if the benchmark has one.

    Raises:
        BenchmarkFormatError: As `open_models`.
    """
    entry = manifest.curve
    if entry is None:
        return None
    encodings = dict.fromkeys(part.encoding for part in entry.parts)
    _check_encodings(folder, manifest, space, encodings)
    arrays = unpack_arrays(read_file(folder, manifest, entry.basis), entry.basis)
    if set(arrays) != {"mean", "components"}:
        raise BenchmarkFormatError(f"{folder / entry.basis}: must have mean and components")
    predictors = _Predictors(folder, manifest, space)
    try:
        curve = CurveModel(**arrays, parts=tuple(map(predictors.part, entry.parts)))
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{folder / entry.basis}: {error}") from None
    if curve.epochs != entry.epochs:
        raise BenchmarkFormatError(
            f"{folder / entry.basis}: {curve.epochs} epochs, the manifest says {entry.epochs}"
        )
    return curve


def check_best_known(folder: Path, manifest: Manifest, space: SearchSpace) -> None:
    """The architecture that the manifest calls the best known is one of the space.

    Raises:
        BenchmarkFormatError: It is none.
    """
    try:
        space.parse(manifest.best_known["architecture"])
    except GenotypeError as error:
        reason = plain_key(str(error))  # it may quote the stranger's text
        raise BenchmarkFormatError(f"{folder / FILE}: best_known.architecture: {reason}") from None


class _Predictors:
    """Predictors of a folder's files, each read once, however many parts name it."""

    def __init__(self, folder: Path, manifest: Manifest, space: SearchSpace) -> None:
        self._folder = folder
        self._manifest = manifest
        self._space = space
        self._read: dict[tuple[str, str], Predictor] = {}
        self._golden: dict[str, np.ndarray] = {}

    def part(self, entry: PartEntry) -> Part:
        """The part that a manifest describes.

        Raises:
            BenchmarkFormatError: Its arrays are malformed, or do not fit the encoding.
        """
        key = (entry.kind, entry.file)
        if key not in self._read:
            content = read_file(self._folder, self._manifest, entry.file)
            arrays = unpack_arrays(content, entry.file)
            del content  # the arrays are a copy
            self._read[key] = self._checked(entry, lambda: make_predictor(entry.kind, arrays))
        predictor = self._read[key]
        self._checked(entry, lambda: self._check_features(predictor, entry.encoding))
        family = entry.file.partition(".")[0]
        return Part(family, predictor, entry.encoding, Scale(entry.link), entry.weight)

    def _check_features(self, predictor: Predictor, encoding: str) -> None:
        width = len(feature_names(self._space, encoding))
        if not predictor.accepts(width):
            raise BenchmarkFormatError(
                f"uses {predictor.features} features, encoding {encoding!r} has {width}"
            )
        if isinstance(predictor, GinPredictor):
            predictor.check_rows(self._rows(encoding))

    def _rows(self, encoding: str) -> np.ndarray:
        """Features of some architectures."""
        if encoding not in self._golden:
            golden = golden_architectures(self._space, GOLDEN_ARCHITECTURES)
            self._golden[encoding] = encode(self._space, golden, encoding)
        return self._golden[encoding]

    def _checked(self, entry: PartEntry, step: Callable[[], T]) -> T:
        """What the step returns; its error then also names the file."""
        try:
            return step()
        except BenchmarkFormatError as error:
            raise BenchmarkFormatError(f"{self._folder / entry.file}: {error}") from None


def _check_encodings(
    folder: Path, manifest: Manifest, space: SearchSpace, encodings: Iterable[str]
) -> None:
    """What the space encodes today must be what the models were fitted on."""
    for encoding in encodings:
        if encoding not in encodings_of(space):
            raise BenchmarkFormatError(f"{folder}: the space has no encoding {encoding[:60]!r}")
        if encoding_fingerprint(space, encoding) != manifest.encodings[encoding]:
            raise BenchmarkFormatError(
                f"{folder}: made for another version of encoding {encoding!r}"
            )
