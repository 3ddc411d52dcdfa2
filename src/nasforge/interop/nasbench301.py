"""NAS-Bench-301's calls, answered by a benchmark of ours.

    >>> performance_model = load_ensemble("darts-cifar10-cpu-v1")
    >>> performance_model.predict(config=genotype, representation="genotype", with_noise=False)
    91.42
    >>> runtime_model = load_ensemble("darts-cifar10-cpu-v1", target="train_time_s")

As there, an accuracy is in percent, a runtime in seconds, and noise is on unless it is turned off.
Unlike there, noise is what training anew would give (the original drew from the spread of its
members), and it is reproducible: docs/migrating.md.
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from nasforge.benchmark import Benchmark, load
from nasforge.errors import GenotypeError, NasforgeError
from nasforge.space import DARTS
from nasforge.space.darts import Edge, Genotype
from nasforge.space.darts.configspace import config_from_genotype, genotype_from_config

__all__ = ["SurrogateEnsemble", "config_from_genotype", "genotype_from_config", "load_ensemble"]

REPRESENTATIONS = ("genotype", "configspace")
CONCATENATED = (2, 3, 4, 5)
"""The only `normal_concat` and `reduce_concat` in the space."""

MAX_NOISE_SEED = 2**31
"""A run's seed is the upper half of a draw's, the number of the call the lower one."""


def load_ensemble(
    path: str | PathLike[str],
    target: str = "val_accuracy",
    surrogate: str | None = None,
    noise_seed: int = 0,
) -> "SurrogateEnsemble":
    """Load one predicted quantity of a benchmark.

    Args:
        path: A name of `nasforge.available()`, or the path of a frozen benchmark.
        target: "val_accuracy" for what the original called a performance model, "train_time_s"
            for a runtime model, or another target of the benchmark.
        surrogate: Which of its surrogates answers; None for the selected one.
        noise_seed: Seed of a run's noise, from 0 to 2^31 - 1.

    Raises:
        NasforgeError: The benchmark cannot be loaded, is of another space, or has no such target.
    """
    bench = load(path, surrogate)
    if bench.space is not DARTS:
        raise NasforgeError(
            f"{bench.name} is of space {bench.space.name!r}; NAS-Bench-301's calls are for darts"
        )
    if target not in bench.manifest.targets:
        raise NasforgeError(
            f"{bench.name} has no target {target!r}; it has {', '.join(bench.manifest.targets)}"
        )
    if not 0 <= noise_seed < MAX_NOISE_SEED:
        raise NasforgeError(f"noise_seed: {noise_seed} must be from 0 to 2^31 - 1")
    return SurrogateEnsemble(bench, target, noise_seed)


class SurrogateEnsemble:
    """One target of a benchmark behind NAS-Bench-301's `predict`. Made by `load_ensemble`.

    Attributes:
        benchmark: What answers.
        target: The predicted quantity.
    """

    def __init__(self, benchmark: Benchmark, target: str, noise_seed: int) -> None:
        self.benchmark = benchmark
        self.target = target
        self._noise_seed = noise_seed
        self._noisy_calls = 0

    def __repr__(self) -> str:
        return f"<SurrogateEnsemble {self.benchmark.name}, {self.target}>"

    def predict(self, config: Any, representation: str, with_noise: bool = True) -> float:
        """Predict one architecture.

        Args:
            config: The architecture. As "genotype": a DARTS namedtuple, its text, ours, or a
                `Genotype`. As "configspace": a dictionary of hyperparameters, or a ConfigSpace
                Configuration; hyperparameters of training are ignored.
            representation: "genotype" or "configspace".
            with_noise: True for a draw of a training's outcome. The k-th noisy call gives the
                k-th draw of the run's noise, so a program that asks in the same order gets the
                same answers.

        Returns:
            Percent of an accuracy; seconds of a time.

        Raises:
            GenotypeError: It is no architecture of the space.
            NasforgeError: The representation is unknown, or there is no noise model to draw from.
        """
        genotype = read_architecture(config, representation)
        entry = self.benchmark.manifest.targets[self.target]
        if with_noise and entry.noise is None:
            raise NasforgeError(
                f"{self.benchmark.name} has no noise model of {self.target} (it was made with too "
                "few replicates); pass with_noise=False"
            )
        seed = None
        if with_noise:
            seed = self._noise_seed << 32 | self._noisy_calls
            self._noisy_calls += 1
        answer = self.benchmark.query_many([genotype], targets=[self.target], noise_seed=seed)
        value = answer[self.target].item()
        return 100.0 * value if entry.unit == "fraction" else value


def read_architecture(config: Any, representation: str) -> Genotype:
    """A genotype from what NAS-Bench-301's `predict` took.

    Raises:
        GenotypeError: It is no architecture of the space.
        NasforgeError: The representation is unknown.
    """
    if representation == "genotype":
        return _genotype(config)
    if representation == "configspace":
        return genotype_from_config(_hyperparameters(config))
    raise NasforgeError(
        f"representation {representation!r} is not read; allowed: {', '.join(REPRESENTATIONS)}"
    )


def _genotype(config: Any) -> Genotype:
    if isinstance(config, Genotype):
        return config
    if isinstance(config, str):
        return DARTS.parse(config)
    if not all(hasattr(config, kind) for kind in ("normal", "reduce")):
        raise GenotypeError(
            f"a {type(config).__name__} is no genotype: expected DARTS's namedtuple or its text; "
            "for a dictionary of hyperparameters pass representation='configspace'"
        )
    for kind in ("normal", "reduce"):
        concatenated = tuple(getattr(config, f"{kind}_concat", CONCATENATED))
        if concatenated != CONCATENATED:
            raise GenotypeError(f"{kind}_concat is {concatenated}, must be range(2, 6)")
    try:
        cells = [tuple(Edge(*edge) for edge in cell) for cell in (config.normal, config.reduce)]
    except TypeError:
        raise GenotypeError("a cell must be a list of (operation, input) pairs") from None
    return Genotype(*cells)


def _hyperparameters(config: Any) -> Mapping[str, Any]:
    if isinstance(config, Mapping):  # a Configuration too, in ConfigSpace 0.6 and newer
        return config
    if hasattr(config, "get_dictionary"):  # and before
        return config.get_dictionary()
    raise GenotypeError(
        f"a {type(config).__name__} is no configuration: expected a dictionary of hyperparameters "
        "or a ConfigSpace Configuration; for a genotype pass representation='genotype'"
    )
