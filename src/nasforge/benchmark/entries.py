"""The parts of a manifest: targets, models and what they consist of, checked when read.

>>> read_target("val_accuracy", section), read_surrogate(section), read_curve(section)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasforge.benchmark.section import FILE, Section
from nasforge.benchmark.targets import SCALES, TARGETS
from nasforge.errors import BenchmarkFormatError

MAX_PARTS = 64
"""Of a model, or of a curve; bounds what a query may take."""


@dataclass(frozen=True)
class NoiseModel:
    """Variance of a training's outcome between seeds, on the target's scale.

    log variance = log_variance + slope * prediction.

    Attributes:
        log_variance: Constant part.
        slope: Dependence on the prediction; 0 for a constant.
        architectures: Replicated architectures it was estimated from.
        evaluations: Their trainings.
    """

    log_variance: float
    slope: float
    architectures: int
    evaluations: int


@dataclass(frozen=True)
class TargetEntry:
    """One predicted quantity.

    Attributes:
        unit: "fraction" or "s".
        scale: "identity" or "log".
        noise: None where too few replicates could estimate it.
    """

    unit: str
    scale: str
    noise: NoiseModel | None


@dataclass(frozen=True)
class PartEntry:
    """One ensemble in a model.

    Attributes:
        kind: Kind of predictor.
        file: Its arrays; several models may share one.
        encoding: Encoding of its features.
        link: Scale that it predicts on, itself a scale of the target's scale.
        weight: Share in the model's prediction.
    """

    kind: str
    file: str
    encoding: str
    link: str
    weight: float


@dataclass(frozen=True)
class ModelEntry:
    """One surrogate's model of one target.

    Attributes:
        parts: One ensemble, or those of a blend.
        epistemic_scale: Factor c that calibrates the members' variance as the variance of the
            mean's error; None where it could not be estimated.
        scores: Held-out scores: rows of the score table on the test part.
    """

    parts: tuple[PartEntry, ...]
    epistemic_scale: float | None
    scores: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class SurrogateEntry:
    """One surrogate.

    Attributes:
        targets: Model by target.
    """

    targets: Mapping[str, ModelEntry]

    @property
    def encodings(self) -> tuple[str, ...]:
        """Names of the encodings that it uses."""
        parts = [part for model in self.targets.values() for part in model.parts]
        return tuple(dict.fromkeys(part.encoding for part in parts))


@dataclass(frozen=True)
class CurveEntry:
    """The learning curve.

    Attributes:
        epochs: Number of epochs of a training.
        basis: File of the mean and the components.
        parts: Ensembles of the coefficients.
        scores: Rows of the score table on the test part, of some epochs before the last.
    """

    epochs: int
    basis: str
    parts: tuple[PartEntry, ...]
    scores: tuple[Mapping[str, Any], ...]


def read_target(name: str, part: Section) -> TargetEntry:
    """One of `targets`.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    if name not in TARGETS:
        raise BenchmarkFormatError(
            f"{FILE}: targets: {name!r} is unknown; this version reads {', '.join(TARGETS)}"
        )
    noise = part.data.get("noise")
    if noise is not None:
        inner = Section(noise, part.path("noise"))
        noise = NoiseModel(
            inner.number("log_variance"),
            inner.number("slope"),
            inner.get("architectures", int),
            inner.get("evaluations", int),
        )
    unit = part.get("unit", str)
    if unit != TARGETS[name].unit:
        raise BenchmarkFormatError(
            f"{FILE}: {part.path('unit')} is {unit[:60]!r}, must be {TARGETS[name].unit!r}"
        )
    return TargetEntry(unit, _scale(part, "scale"), noise)


def _scale(part: Section, key: str) -> str:
    name = part.get(key, str)
    if name not in SCALES:
        raise BenchmarkFormatError(
            f"{FILE}: {part.path(key)} is {name[:60]!r}; this version reads {', '.join(SCALES)}"
        )
    return name


def read_encodings(top: Section) -> dict[str, str]:
    """Fingerprints by name.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    part = Section(top.get("encodings", dict), "encodings")
    return {name: part.get(name, str) for name in part.data}


def read_surrogate(part: Section) -> SurrogateEntry:
    """One of `surrogates`.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    return SurrogateEntry({key: _model(model) for key, model in part.sections("targets")})


def _model(part: Section) -> ModelEntry:
    scale = part.data.get("epistemic_scale")
    if scale is not None and (scale := part.number("epistemic_scale")) < 0:
        raise BenchmarkFormatError(f"{FILE}: {part.path('epistemic_scale')} is negative")
    return ModelEntry(_parts(part), scale, _scores(part))


def read_curve(top: Section) -> CurveEntry | None:
    """The learning curve, or null.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    if "curve" in top.data and top.data["curve"] is None:
        return None
    part = Section(top.get("curve", dict), "curve")
    return CurveEntry(part.get("epochs", int), part.name("basis"), _parts(part), _scores(part))


def _parts(section: Section) -> tuple[PartEntry, ...]:
    parts = section.get("parts", list)
    if not parts:
        raise BenchmarkFormatError(f"{FILE}: {section.path('parts')} is empty")
    if len(parts) > MAX_PARTS:
        raise BenchmarkFormatError(
            f"{FILE}: {section.path('parts')} has {len(parts)}, at most {MAX_PARTS} are allowed"
        )
    return tuple(_part(Section(p, section.path(f"parts[{n}]"))) for n, p in enumerate(parts))


def _scores(section: Section) -> tuple[dict[str, Any], ...]:
    scores = section.get("scores", list)
    for number, row in enumerate(scores):
        _score(Section(row, section.path(f"scores[{number}]")))
    return tuple(scores)


def _part(part: Section) -> PartEntry:
    return PartEntry(
        kind=part.get("kind", str),
        file=part.name("file"),
        encoding=part.get("encoding", str),
        link=_scale(part, "link"),
        weight=part.number("weight"),
    )


def _score(row: Section) -> None:
    """Check what is printed of a row of the score table."""
    row.get("metric", str)
    row.get("n", int)
    estimable = row.get("estimable", bool)
    for key in ("score", "low", "high", "ceiling"):
        if key not in row.data:
            raise BenchmarkFormatError(f"{FILE}: {row.path(key)} is missing")
        if row.data[key] is not None or (key == "ceiling" and estimable):
            row.number(key)


def read_file_entry(part: Section) -> dict[str, Any]:
    """One of `files`.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    return {"sha256": part.get("sha256", str), "bytes": part.whole("bytes", 0, 2**62)}
