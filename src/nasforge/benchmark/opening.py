"""From a frozen folder to models: every array checked once, here.

>>> models = open_models(folder, manifest, DARTS, "lightgbm")
"""

from collections.abc import Iterable
from pathlib import Path

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.fingerprint import encoding_fingerprint
from nasforge.benchmark.frozen import read_file
from nasforge.benchmark.manifest import Manifest, PartEntry
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import make_predictor
from nasforge.benchmark.targets import Scale
from nasforge.errors import BenchmarkFormatError
from nasforge.space.protocol import SearchSpace


def open_models(
    folder: Path, manifest: Manifest, space: SearchSpace, surrogate: str
) -> dict[str, Model]:
    """One surrogate's models by target.

    Raises:
        BenchmarkFormatError: An array is malformed, or an encoding is not the installed one.
    """
    _check_encodings(folder, manifest, space, manifest.surrogates[surrogate].encodings)
    models = {}
    for target, entry in manifest.surrogates[surrogate].targets.items():
        parts = tuple(_open_part(folder, manifest, space, part) for part in entry.parts)
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
    curve = CurveModel(
        **arrays, parts=tuple(_open_part(folder, manifest, space, part) for part in entry.parts)
    )
    if curve.epochs != entry.epochs:
        raise BenchmarkFormatError(
            f"{folder / entry.basis}: {curve.epochs} epochs, the manifest says {entry.epochs}"
        )
    return curve


def _open_part(folder: Path, manifest: Manifest, space: SearchSpace, entry: PartEntry) -> Part:
    arrays = unpack_arrays(read_file(folder, manifest, entry.file), entry.file)
    try:
        predictor = make_predictor(entry.kind, arrays)
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{folder / entry.file}: {error}") from None
    width = len(space.feature_names(entry.encoding))
    if not predictor.accepts(width):
        raise BenchmarkFormatError(
            f"{folder / entry.file}: uses {predictor.features} features, encoding "
            f"{entry.encoding!r} has {width}"
        )
    return Part(
        entry.file.partition(".")[0], predictor, entry.encoding, Scale(entry.link), entry.weight
    )


def _check_encodings(
    folder: Path, manifest: Manifest, space: SearchSpace, encodings: Iterable[str]
) -> None:
    """What the space encodes today must be what the models were fitted on."""
    for encoding in encodings:
        if encoding not in space.encodings:
            raise BenchmarkFormatError(f"{folder}: the space has no encoding {encoding!r}")
        if encoding_fingerprint(space, encoding) != manifest.encodings[encoding]:
            raise BenchmarkFormatError(
                f"{folder}: made for another version of encoding {encoding!r}"
            )
