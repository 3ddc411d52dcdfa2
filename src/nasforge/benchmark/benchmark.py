"""Querying a frozen benchmark.

    >>> bench = nasforge.load("darts-cifar10-cpu-v1")
    >>> bench.query(bench.space.sample(np.random.default_rng(0)))
    Prediction(val_accuracy=0.5545, ...)

Treat it as a black box, do not judge an optimizer that uses the surrogate's own model family on
it, and report its full name.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from nasforge.benchmark.asking import epoch_index, named, one, several
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.fingerprint import space_fingerprint
from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded, JointForest, Model
from nasforge.benchmark.opening import check_best_known, open_curve, open_models
from nasforge.benchmark.prediction import Prediction
from nasforge.benchmark.support import Support, open_support
from nasforge.benchmark.uncertainty import Uncertainty
from nasforge.errors import BenchmarkFormatError, NasforgeError
from nasforge.recipe import NetworkShape
from nasforge.space.protocol import Architecture, SearchSpace

SELFTEST_FILE = "selftest.npz"
SELFTEST_TOLERANCE = 1e-6

OF_EPOCHS = ("val_accuracy", "train_time_s", "params", "macs")
"""What is predicted of a training that is stopped early."""

ONE = "query takes one architecture; use query_many for several"


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
        folder: Path | None = None,
    ) -> None:
        self.manifest = manifest
        self.space = space
        self.surrogate = surrogate
        self._models = dict(models)
        self._curve = curve
        self._folder = folder
        self._uncertainty = Uncertainty(manifest, surrogate)
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
        check_best_known(folder, manifest, space)
        models = open_models(folder, manifest, space, surrogate)
        return cls(manifest, space, surrogate, models, open_curve(folder, manifest, space), folder)

    @property
    def name(self) -> str:
        """Full name to report, with version and surrogate."""
        return f"{self.manifest.full_name}/{self.surrogate}"

    def __repr__(self) -> str:
        return f"<Benchmark {self.name}, space {self.space.name}>"

    def query(
        self,
        architecture: Architecture | str,
        noise_seed: int | None = None,
        targets: Iterable[str] | None = None,
        epoch: int | None = None,
    ) -> Prediction:
        """Predict one architecture.

        Args:
            architecture: An architecture of `space`, or its text.
            noise_seed: None for the mean over trainings. An integer for one draw of a training's
                outcome, always the same one for this benchmark, network and seed.
            targets: Fields of `Prediction` to compute, the others are None; None for all there
                are.
            epoch: None for the end of the training; 1, 2, ... for a training stopped then: its
                val_accuracy from the learning curve, its part of train_time_s, params and macs.

        Raises:
            GenotypeError: It is no architecture of the space.
            NasforgeError: A target is unknown, a draw is asked of a benchmark without a noise
                model or of an epoch before the last, or an epoch of one without curves.
            BenchmarkFormatError: Its arrays overflow: a prediction is not finite.
        """
        if epoch is not None:
            return self._query_epoch(architecture, epoch, noise_seed, targets)
        asked = one(self.space, architecture, ONE)
        return _prediction(self.query_many([asked], targets, noise_seed))

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
        parsed = several(self.space, architectures, "query_many takes several; use query for one")
        wanted = self._fields if targets is None else self._known(named(targets))
        if not parsed:
            return {name: _none_of(name) for name in wanted}
        return self._answer(Encoded(self.space, parsed), wanted, noise_seed)

    def _known(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The targets, if there are no others."""
        for name in wanted:
            if name not in self._fields:
                raise NasforgeError(
                    f"{self.name} has no target {name!r}; it has {', '.join(self._fields)}"
                )
        return wanted

    def _answer(
        self, encoded: Encoded, wanted: tuple[str, ...], noise_seed: int | None
    ) -> dict[str, np.ndarray]:
        """`query_many` of what is parsed and checked."""
        answer: dict[str, np.ndarray] = {}
        stds = "noise_std" in wanted or "epistemic_std" in wanted
        predicted = [t for t in self._targets if t in wanted or (stds and t == "val_accuracy")]
        if len(predicted) == len(self._models):
            self._joint.ask(encoded)
        for name in predicted:
            members = self._models[name].predict(encoded)
            mean = np.add.reduce(members, axis=1) / members.shape[1]
            if not math.isfinite(np.add.reduce(mean)):
                raise BenchmarkFormatError(f"{self.name} answers nan or infinity for {name}")
            if stds and name == "val_accuracy":
                answer["noise_std"] = self._uncertainty.noise_std(name, mean)
                answer["epistemic_std"] = self._uncertainty.epistemic_std(name, members, mean)
            if noise_seed is not None and name in wanted:
                std = self._uncertainty.noise_std(name, mean)
                draws = self._uncertainty.draws(encoded.ids, name, std, noise_seed)
                with np.errstate(invalid="ignore", over="ignore"):  # see `noise_std`
                    mean = mean + std * draws
            answer[name] = self._targets[name].natural(mean)
        answer |= self._costs(encoded.architectures, wanted)
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
        advice = "curve takes one architecture; use curve_many for several"
        asked = one(self.space, architecture, advice)
        return self._curves(Encoded(self.space, [asked]))[0]

    def curve_many(self, architectures: Iterable[Architecture | str]) -> np.ndarray:
        """`curve` of many architectures.

        Returns:
            float64 [n, epochs], in [0, 1].

        Raises:
            GenotypeError: One of them is no architecture of the space.
            NasforgeError: The benchmark has no learning curves.
        """
        parsed = several(self.space, architectures, "curve_many takes several; use curve for one")
        if self._curve is not None and not parsed:
            return np.empty((0, self.manifest.curve.epochs))
        return self._curves(Encoded(self.space, parsed))

    def _curves(self, encoded: Encoded) -> np.ndarray:
        if self._curve is None:
            raise NasforgeError(f"{self.manifest.full_name} was made without learning curves")
        last = self._models["val_accuracy"].predict(encoded).mean(axis=1)
        curves = self._curve.predict(encoded, last)
        if np.isnan(curves).any():
            raise BenchmarkFormatError(f"{self.name} answers nan or infinity for a learning curve")
        return curves

    def _query_epoch(
        self,
        architecture: Architecture | str,
        epoch: int,
        noise_seed: int | None,
        targets: Iterable[str] | None,
    ) -> Prediction:
        if noise_seed is not None:
            raise NasforgeError("the noise of single epochs is not modelled; leave noise_seed out")
        encoded = Encoded(self.space, [one(self.space, architecture, ONE)])
        [curve] = self._curves(encoded)
        place = epoch_index(epoch, curve)
        usual = tuple(name for name in OF_EPOCHS if name in self._fields)
        wanted = usual if targets is None else named(targets)
        for name in wanted:
            if name not in OF_EPOCHS:
                raise NasforgeError(
                    f"{name} of an epoch is not predicted; {', '.join(OF_EPOCHS)} are"
                )
        end = _prediction(self._answer(encoded, self._known(wanted), None))
        time_s = None if end.train_time_s is None else end.train_time_s * epoch / len(curve)
        accuracy = float(curve[place]) if "val_accuracy" in wanted else None
        return replace(end, val_accuracy=accuracy, train_time_s=time_s)

    def support(self, architectures: Iterable[Architecture | str]) -> np.ndarray:
        """How near architectures are to those that the surrogates learnt.

        Args:
            architectures: Architectures of `space`, or their texts.

        Returns:
            float64 [n] from 0 (extrapolation) to 1: the part of the training architectures that
            are at least as far from their nearest fellow.

        Raises:
            GenotypeError: One of them is no architecture of the space.
            BenchmarkFormatError: The benchmark does not say what was learnt.
        """
        parsed = several(self.space, architectures, "support takes several; put one in a list")
        canonical = [self.space.canonical(architecture) for architecture in parsed]
        return self._support.share([self.space.to_vector(a) for a in canonical])

    @cached_property
    def _support(self) -> Support:
        """Read when first asked for: few ask."""
        return open_support(self._folder, self.manifest, self.space)

    @cached_property
    def _joint(self) -> JointForest:
        return JointForest(self._models.values())

    @cached_property
    def _fields(self) -> tuple[str, ...]:
        counted = self._shape is not None and hasattr(self.space, "params")
        costs = ["params", "macs"] if counted else []
        return (*self._targets, "noise_std", "epistemic_std", *costs)

    def _costs(
        self, architectures: Sequence[Architecture], wanted: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        names = [name for name in ("params", "macs") if name in wanted]
        if names and hasattr(self.space, "costs"):
            both = self.space.costs(architectures, self._shape)
            return {"params": both[:, 0], "macs": both[:, 1]}
        return {
            name: np.array(
                [getattr(self.space, name)(a, self._shape) for a in architectures], dtype=np.int64
            )
            for name in names
        }


def _none_of(field: str) -> np.ndarray:
    """The answers of no architectures."""
    return np.empty(0, dtype=np.int64 if field in ("params", "macs") else np.float64)


def _prediction(answer: Mapping[str, np.ndarray]) -> Prediction:
    """The answer for one architecture; a standard deviation that is unknown is None."""
    values = {name: array.item() for name, array in answer.items()}
    return Prediction(**{name: None if v != v else v for name, v in values.items()})  # nan
