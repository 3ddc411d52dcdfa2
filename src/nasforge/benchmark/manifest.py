"""manifest.json: what a frozen benchmark says of itself, checked when read.

    >>> manifest = Manifest.from_json(json.loads(text))
    >>> manifest.selected, manifest.surrogates["lightgbm"].encodings

docs/format.md describes every key. Reading refuses what this version does not understand, and
names the key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from nasforge.benchmark.entries import (
    CurveEntry,
    PartEntry,
    SurrogateEntry,
    TargetEntry,
    read_curve,
    read_encodings,
    read_file_entry,
    read_surrogate,
    read_target,
)
from nasforge.benchmark.section import FILE, Section
from nasforge.benchmark.targets import Scale, Target
from nasforge.errors import BenchmarkFormatError, ConfigError
from nasforge.recipe import NetworkShape

FORMAT = "nasforge-benchmark"
FORMAT_VERSION = 1
"""A reader of version n reads all formats 1 to n."""


@dataclass(frozen=True)
class Manifest:
    """All of manifest.json.

    Attributes:
        name: Benchmark name, without version.
        version: 1, 2, ...
        description: One line.
        space: name, version and fingerprint of the search space.
        recipe: All options of the recipe, and "recipe_id"; of imported evaluations what is known.
        dataset: spec, sources and "dataset_id"; of imported evaluations what is known.
        network: Fields of the trained networks' `NetworkShape`; None if it is unknown.
        evaluator: Where the evaluations came from.
        encodings: Fingerprints by name; the installed encodings must have the same.
        targets: By name.
        surrogates: By name.
        selected: Name of the default surrogate, chosen out-of-fold.
        curve: The learning curve, the same for all surrogates; None if there is none.
        training_set: Counts of evaluations, architectures and of proposals by sampler.
        noise_key: Key of all noise draws.
        best_known: The evaluated architecture with the best prediction, and the prediction.
        software: Versions that made it.
        licence: Of the data.
        citation: How to cite.
        files: sha256 and size in bytes of every other file.
    """

    name: str
    version: int
    description: str
    space: Mapping[str, Any]
    recipe: Mapping[str, Any]
    dataset: Mapping[str, Any]
    network: Mapping[str, Any] | None
    evaluator: str
    encodings: Mapping[str, str]
    targets: Mapping[str, TargetEntry]
    surrogates: Mapping[str, SurrogateEntry]
    selected: str
    curve: CurveEntry | None
    training_set: Mapping[str, Any]
    noise_key: int
    best_known: Mapping[str, Any]
    software: Mapping[str, str]
    licence: str
    citation: str
    files: Mapping[str, Mapping[str, Any]]

    @property
    def full_name(self) -> str:
        """`<name>-v<version>`, also the folder's name."""
        return f"{self.name}-v{self.version}"

    def target(self, name: str) -> Target:
        """A target as an object."""
        entry = self.targets[name]
        return Target(name, entry.unit, Scale(entry.scale))

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read and check `to_json`'s object.

        Raises:
            BenchmarkFormatError: Naming the key.
        """
        top = Section(data, "")
        if top.get("format", str) != FORMAT:
            raise BenchmarkFormatError(f"{FILE}: format is not {FORMAT!r}")
        version = top.get("format_version", int)
        if version < 1:
            raise BenchmarkFormatError(f"{FILE}: format_version {str(version)[:20]} does not exist")
        if version > FORMAT_VERSION:
            raise BenchmarkFormatError(
                f"{FILE}: format_version {str(version)[:20]} is newer than this nasforge reads "
                f"({FORMAT_VERSION}); upgrade with pip install -U nasforge"
            )
        manifest = cls(
            name=top.name("name"),
            version=top.whole("version", 0, 10**6),
            description=top.get("description", str),
            space=_space(top),
            recipe=_with_keys(top, "recipe", recipe_id=str),
            dataset=_with_keys(top, "dataset", dataset_id=str),
            network=_network(top),
            evaluator=top.get("evaluator", str),
            encodings=read_encodings(top),
            targets={key: read_target(key, part) for key, part in top.sections("targets")},
            surrogates={key: read_surrogate(part) for key, part in top.sections("surrogates")},
            selected=top.get("selected", str),
            curve=read_curve(top),
            training_set=_with_keys(top, "training_set", evaluations=int, architectures=int),
            noise_key=top.whole("noise_key", 0, 2**64 - 1),
            best_known=_with_keys(top, "best_known", architecture=str),
            software=top.get("software", dict),
            licence=top.get("licence", str),
            citation=top.get("citation", str),
            files={key: read_file_entry(part) for key, part in top.sections("files")},
        )
        manifest._check_references()
        return manifest

    def _check_references(self) -> None:
        if self.selected not in self.surrogates:
            raise BenchmarkFormatError(f"{FILE}: selected: no surrogate {self.selected[:60]!r}")
        for name, surrogate in self.surrogates.items():
            where = f"{FILE}: surrogates.{name}.targets"
            if set(surrogate.targets) != set(self.targets):
                raise BenchmarkFormatError(f"{where}: must be those of targets")
            for target, model in surrogate.targets.items():
                self._check_parts(model.parts, f"{where}.{target}")
        if self.curve is not None:
            self._check_parts(self.curve.parts, f"{FILE}: curve")
            if self.curve.basis not in self.files:
                raise BenchmarkFormatError(f"{FILE}: curve.basis: not listed in files")
        if "val_accuracy" not in self.targets:
            raise BenchmarkFormatError(f"{FILE}: targets: val_accuracy is missing")
        if self.curve is not None and self.targets["val_accuracy"].scale != "identity":
            raise BenchmarkFormatError(
                f"{FILE}: curve: needs targets.val_accuracy.scale to be 'identity'"
            )

    def _check_parts(self, parts: Sequence[PartEntry], where: str) -> None:
        for number, part in enumerate(parts):
            if part.file not in self.files:
                raise BenchmarkFormatError(f"{where}.parts[{number}].file: not listed in files")
            if part.encoding not in self.encodings:
                raise BenchmarkFormatError(
                    f"{where}.parts[{number}].encoding: not listed in encodings"
                )


def _with_keys(top: Section, key: str, **kinds: type) -> dict[str, Any]:
    """An object with at least these keys."""
    part = Section(top.get(key, dict), key)
    for name, kind in kinds.items():
        part.get(name, kind)
    return part.data


def _space(top: Section) -> dict[str, Any]:
    part = Section(top.get("space", dict), "space")
    kinds = {"name": str, "version": int, "fingerprint": str}
    return {key: part.get(key, kind) for key, kind in kinds.items()}


def _network(top: Section) -> dict[str, Any] | None:
    if "network" in top.data and top.data["network"] is None:
        return None
    try:
        return asdict(NetworkShape.from_dict(top.get("network", dict)))
    except ConfigError as error:
        raise BenchmarkFormatError(f"{FILE}: {error}") from None
