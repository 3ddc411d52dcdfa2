"""Querying a frozen benchmark.

    >>> bench = nasforge.load("results/quickstart/export/darts-digits-v1")
    >>> bench.query(bench.space.sample(np.random.default_rng(0)))
    Prediction(val_accuracy=0.9211, ...)

Treat it as a black box, do not judge an optimizer that uses the surrogate's own model family on
it, and report its full name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.fingerprint import encoding_fingerprint, space_fingerprint
from nasforge.benchmark.frozen import read_file, read_manifest
from nasforge.benchmark.manifest import Manifest, NoiseModel, PartEntry
from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.noise import standard_normal
from nasforge.benchmark.prediction_text import prediction_text
from nasforge.benchmark.predictors import make_predictor
from nasforge.benchmark.targets import Scale
from nasforge.errors import BenchmarkFormatError, GenotypeError, NasforgeError
from nasforge.recipe import NetworkShape
from nasforge.space.protocol import Architecture, SearchSpace

SELFTEST_FILE = "selftest.npz"
SELFTEST_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Prediction:
    """What training an architecture would give.

    Attributes:
        val_accuracy: After the last epoch, in [0, 1].
        test_accuracy: After the last epoch, in [0, 1]; None if not predicted.
        noise_std: Standard deviation of val_accuracy between training seeds; None if too few
            replicates could tell.
        epistemic_std: Calibrated standard deviation of the error of the predicted mean
            val_accuracy; None if it could not be calibrated.
        train_time_s: Seconds on the machine the benchmark was made on; None if not predicted.
        params: Exact number of parameters; None if the space cannot tell, or the trained network
            is unknown.
        macs: Exact multiply-adds of one image; None in the same cases.
        best_val_accuracy: Of the best epoch, in [0, 1]; None if not predicted.
    """

    val_accuracy: float
    test_accuracy: float | None
    noise_std: float | None
    epistemic_std: float | None
    train_time_s: float | None
    params: int | None
    macs: int | None
    best_val_accuracy: float | None = None

    def __repr__(self) -> str:
        return prediction_text(self)


class Benchmark:
    """One surrogate of a frozen benchmark. Made by `nasforge.load`.

    Attributes:
        manifest: What the benchmark says of itself.
        space: Its search space.
        surrogate: Name of the surrogate that answers.
    """

    def __init__(
        self,
        manifest: Manifest,
        space: SearchSpace,
        surrogate: str,
        models: Mapping[str, Model],
        curve: CurveModel | None = None,
    ) -> None:
        self.manifest = manifest
        self.space = space
        self.surrogate = surrogate
        self._models = dict(models)
        self._curve = curve
        self._targets = {name: manifest.target(name) for name in manifest.targets}
        network = manifest.network
        self._shape = None if network is None else NetworkShape.from_dict(network)

    @classmethod
    def open(cls, folder: Path, space: SearchSpace, surrogate: str | None = None) -> Self:
        """Read one surrogate of a frozen folder.

        Args:
            folder: The frozen benchmark.
            space: Its search space; the fingerprint must match.
            surrogate: One of the manifest's; None is the selected one.

        Raises:
            BenchmarkFormatError: The folder is damaged or does not belong to the space.
            NasforgeError: There is no such surrogate.
        """
        manifest = read_manifest(folder)
        if space_fingerprint(space) != manifest.space["fingerprint"]:
            raise BenchmarkFormatError(
                f"{folder}: made for another version of space {manifest.space['name']!r}; its "
                "variables or ids differ from the installed ones"
            )
        surrogate = surrogate or manifest.selected
        if surrogate not in manifest.surrogates:
            raise NasforgeError(
                f"{manifest.full_name} has no surrogate {surrogate!r}; "
                f"it has {', '.join(manifest.surrogates)}"
            )
        entry = manifest.surrogates[surrogate]
        curve_parts = () if manifest.curve is None else manifest.curve.parts
        for encoding in {*entry.encodings, *(part.encoding for part in curve_parts)}:
            if encoding not in space.encodings:
                raise BenchmarkFormatError(f"{folder}: the space has no encoding {encoding!r}")
            if encoding_fingerprint(space, encoding) != manifest.encodings[encoding]:
                raise BenchmarkFormatError(
                    f"{folder}: made for another version of encoding {encoding!r}"
                )
        models = {
            target: Model(tuple(_open_part(folder, manifest, space, part) for part in model.parts))
            for target, model in entry.targets.items()
        }
        for target, model in models.items():
            if len({part.predictor.members for part in model.parts}) > 1:
                raise BenchmarkFormatError(
                    f"{folder}: the parts of {surrogate}.{target} have different numbers of members"
                )
        return cls(manifest, space, surrogate, models, _open_curve(folder, manifest, space))

    @property
    def name(self) -> str:
        """Full name to report, with version and surrogate."""
        return f"{self.manifest.full_name}/{self.surrogate}"

    def __repr__(self) -> str:
        return f"<Benchmark {self.name}, space {self.space.name}>"

    def query(self, architecture: Architecture | str, noise_seed: int | None = None) -> Prediction:
        """Predict one architecture.

        Args:
            architecture: An architecture of `space`, or its text.
            noise_seed: None for the mean over trainings. An integer for one draw of a training's
                outcome, always the same one for this benchmark, network and seed.

        Raises:
            GenotypeError: It is no architecture of the space.
            NasforgeError: A draw is asked of a benchmark without a noise model.
        """
        if isinstance(architecture, list | np.ndarray):  # a tuple may be one of a user's space
            raise GenotypeError("query takes one architecture; use query_many for several")
        answer = self.query_many([architecture], noise_seed=noise_seed)
        values = {
            name: None if np.isnan(values[0]) else values[0].item()
            for name, values in answer.items()
        }
        return Prediction(**{name: values.get(name) for name in Prediction.__dataclass_fields__})

    def query_many(
        self,
        architectures: Iterable[Architecture | str],
        targets: Iterable[str] | None = None,
        noise_seed: int | None = None,
    ) -> dict[str, np.ndarray]:
        """Predict many architectures.

        Args:
            architectures: Architectures of `space`, or their texts.
            targets: Fields of `Prediction` to compute; None for all there are.
            noise_seed: As in `query`; different networks get independent draws.

        Returns:
            An array [n] per field: float64, params and macs int64. nan where a standard
            deviation could not be estimated.

        Raises:
            GenotypeError: One of them is no architecture of the space.
            NasforgeError: A target is unknown, or as in `query`.
        """
        if isinstance(architectures, str):
            raise GenotypeError("query_many takes several architectures; use query for one")
        if isinstance(targets, str):
            raise NasforgeError(f"targets must be a list of names, such as [{targets!r}]")
        parsed = [self._parse(architecture) for architecture in architectures]
        wanted = self._fields() if targets is None else list(targets)
        for name in wanted:
            if name not in self._fields():
                raise NasforgeError(
                    f"{self.name} has no target {name!r}; it has {', '.join(self._fields())}"
                )
        encoded = Encoded(self.space, parsed)
        answer: dict[str, np.ndarray] = {}
        for name, target in self._targets.items():
            stds = name == "val_accuracy" and {"noise_std", "epistemic_std"} & set(wanted)
            if name not in wanted and not stds:
                continue
            members = self._models[name].predict(encoded)
            mean = members.mean(axis=1)
            noise_std = self._noise_std(name, mean)
            if stds:
                answer["noise_std"] = noise_std
                answer["epistemic_std"] = self._epistemic_std(name, members)
            if noise_seed is not None:
                mean = mean + noise_std * self._draws(parsed, name, noise_std, noise_seed)
            answer[name] = target.natural(mean)
        for name in ("params", "macs"):
            if name in wanted:
                count = getattr(self.space, name)
                answer[name] = np.array([count(a, self._shape) for a in parsed], dtype=np.int64)
        return {name: answer[name] for name in wanted}

    def curve(self, architecture: Architecture | str) -> np.ndarray:
        """Predicted validation accuracy after every epoch, without noise.

        Args:
            architecture: An architecture of `space`, or its text.

        Returns:
            float64 [epochs], in [0, 1]; the last is the predicted `val_accuracy`.

        Raises:
            GenotypeError: It is no architecture of the space.
            NasforgeError: The benchmark has no learning curves.
        """
        if self._curve is None:
            raise NasforgeError(f"{self.manifest.full_name} was made without learning curves")
        encoded = Encoded(self.space, [self._parse(architecture)])
        last = self._models["val_accuracy"].predict(encoded).mean(axis=1)
        return self._curve.predict(encoded, last)[0]

    def _fields(self) -> list[str]:
        counted = self._shape is not None and hasattr(self.space, "params")
        costs = ["params", "macs"] if counted else []
        return [*self._targets, "noise_std", "epistemic_std", *costs]

    def _parse(self, architecture: Architecture | str) -> Architecture:
        return self.space.parse(architecture) if isinstance(architecture, str) else architecture

    def _noise_std(self, target: str, mean: np.ndarray) -> np.ndarray:
        noise = self.manifest.targets[target].noise
        return np.full(len(mean), np.nan) if noise is None else noise_std(noise, mean)

    def _epistemic_std(self, target: str, members: np.ndarray) -> np.ndarray:
        scale = self.manifest.surrogates[self.surrogate].targets[target].epistemic_scale
        if scale is None or members.shape[1] < 2:
            return np.full(len(members), np.nan)
        return np.sqrt(scale * members.var(axis=1, ddof=1))

    def _draws(
        self, architectures: list[Architecture], target: str, std: np.ndarray, noise_seed: int
    ) -> np.ndarray:
        if isinstance(noise_seed, bool) or not isinstance(noise_seed, int | np.integer):
            raise NasforgeError(f"noise_seed: {noise_seed!r} must be an integer")
        if not 0 <= noise_seed < 2**63:
            raise NasforgeError(f"noise_seed: {noise_seed} must be from 0 to 2^63 - 1")
        if np.isnan(std).any() and target != "val_accuracy":
            return np.full(len(std), np.nan)  # unknown, while the accuracy can be drawn
        if np.isnan(std).any():
            raise NasforgeError(
                f"{self.name} has no noise model of {target} (it was made with too few "
                "replicates), so it cannot draw outcomes; leave noise_seed out"
            )
        return np.array(
            [
                standard_normal(
                    self.manifest.noise_key,
                    self.space.architecture_id(architecture),
                    target,
                    int(noise_seed),
                )
                for architecture in architectures
            ]
        )


def _open_curve(folder: Path, manifest: Manifest, space: SearchSpace) -> CurveModel | None:
    entry = manifest.curve
    if entry is None:
        return None
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


def noise_std(noise: NoiseModel, mean: np.ndarray) -> np.ndarray:
    """Standard deviation between trainings, at predictions on the target's scale."""
    return np.exp(0.5 * (noise.log_variance + noise.slope * mean))
