"""A trainer that costs nothing: outcomes drawn from a frozen benchmark.

    >>> simulator = Simulator.of(nasforge.load("darts-cifar10-cpu-v1"), dataset, failure_rate=0.01)
    >>> evaluate_shard(proposals, recipe, simulator, cache)

A campaign can be rehearsed with it before it is paid for, and what the pipeline recovers can be
compared with the truth (`nasforge.studies.recovery`).

An outcome is a function of the benchmark and the training's seed, hence of the evaluation's id, and
at other rates of failure the same. Accuracies and time are the benchmark's own draws
(`Benchmark.query(noise_seed=...)`). Learning curves are the benchmark's, moved to end in the draw;
a benchmark without curves of as many epochs gets an invented shape: see `saturating_curve`.

Queries do without numba: a job simulates some tens of evaluations, and importing numba takes longer
than they do; and outcomes are the same to the last bit wherever it is not installed.
"""

import hashlib
import json
import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar, Self

import numpy as np

from nasforge.accelerator import numpy_alone
from nasforge.benchmark import Benchmark, Prediction
from nasforge.errors import EvaluationsError
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.protocols import SIMULATE_PROTOCOL, TRAINING_PROTOCOL
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import DARTS
from nasforge.space.darts import Genotype

CURVE_RATE = 4.0
"""How fast a simulated curve saturates; after a quarter of the epochs it is at 64 %."""


@dataclass(frozen=True)
class Simulator:
    """Draws outcomes from a benchmark.

    Attributes:
        bench: The truth.
        recipe: How it would be trained; gives the number of epochs.
        record: What `dataset_id` is the digest of: the benchmark, its surrogate and the rates.
    """

    name: ClassVar[str] = "simulate"
    done: ClassVar[str] = "simulated"

    bench: Benchmark
    recipe: Recipe
    record: Mapping[str, Any]

    @classmethod
    def of(cls, bench: Benchmark, recipe: Recipe, record: Mapping[str, Any]) -> Self:
        """Make a simulator of what `simulation_record` described.

        Raises:
            EvaluationsError: The benchmark is another one, or cannot draw.
        """
        check_is_simulated(bench, record)
        check_simulates(bench)
        return cls(bench, recipe, record)

    @property
    def dataset_id(self) -> str:
        """Digest of the record."""
        return digest(self.record)

    def evaluate(
        self,
        genotype: Genotype,
        key: EvaluationKey,
        attempts: int,
        on_epoch: Callable[[CurvePoint], None],
    ) -> Evaluation:
        """Draw an outcome; see `evaluators.shard.Evaluator`."""
        simulation = self.record["simulation"]
        error, diverged = "", False
        if _uniform(key.seed, "failure", attempts) < simulation["failure_rate"]:
            error = f"SimulatedFailure: attempt {attempts}"
        elif _uniform(key.seed, "divergence") < simulation["divergence_rate"]:
            diverged = True
        with numpy_alone():
            drawn = self.bench.query(genotype, noise_seed=key.seed)
        status = "failed" if error else "diverged" if diverged else "ok"
        return Evaluation(
            **asdict(key),
            evaluation_id=key.evaluation_id,
            architecture=DARTS.format(genotype),
            seed=key.seed,
            protocol=TRAINING_PROTOCOL,
            error=error,
            attempts=attempts,
            params=-1 if drawn.params is None else drawn.params,
            macs=-1 if drawn.macs is None else drawn.macs,
            backend="simulate",
            precision=self.recipe.precision,
            device="",
            cpu="",
            software=_software(),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            **_results(drawn, status, self._curve(genotype, drawn) if status == "ok" else None),
        )

    def _curve(self, genotype: Genotype, drawn: Prediction) -> np.ndarray:
        """Validation accuracy of every epoch, the last as drawn: float64 [epochs]."""
        known = self.bench.manifest.curve
        if known is None or known.epochs != self.recipe.epochs:
            return saturating_curve(drawn.val_accuracy, self.recipe.epochs)
        with numpy_alone():
            predicted = self.bench.curve(genotype)
        curve = np.clip(predicted + (drawn.val_accuracy - predicted[-1]), 0.0, 1.0)
        curve[-1] = drawn.val_accuracy
        return curve


def simulation_record(
    bench: Benchmark, dataset: DatasetSpec, failure_rate: float, divergence_rate: float
) -> dict[str, Any]:
    """What simulated evaluations have for a data set.

    Args:
        bench: The truth.
        dataset: The images that would be used; none are read.
        failure_rate: Part of the attempts that raise, drawn anew at each attempt.
        divergence_rate: Part of the trainings that diverge.

    Raises:
        EvaluationsError: The benchmark cannot draw outcomes.
    """
    check_simulates(bench)
    return {
        "dataset": dataset.to_dict(),
        "simulation": {
            "benchmark": bench.name,
            "manifest": manifest_digest(bench),
            "failure_rate": float(failure_rate),
            "divergence_rate": float(divergence_rate),
            "protocol": SIMULATE_PROTOCOL,
        },
    }


def check_is_simulated(bench: Benchmark, record: Mapping[str, Any]) -> None:
    """Make sure that a benchmark is the one that a record describes.

    Raises:
        EvaluationsError: It is another one.
    """
    found, wanted = (bench.name, manifest_digest(bench)), record["simulation"]
    if found != (wanted["benchmark"], wanted["manifest"]):
        raise EvaluationsError(
            f"the campaign is simulated from {wanted['benchmark']} (manifest "
            f"{wanted['manifest']}), but training.simulate.benchmark is now {found[0]} "
            f"({found[1]}); was the benchmark made again while jobs ran? run again"
        )


def check_simulates(bench: Benchmark) -> None:
    """Make sure that outcomes can be drawn from a benchmark.

    Raises:
        EvaluationsError: It is of a space that is not trained, or knows no noise.
    """
    if bench.space is not DARTS:
        raise EvaluationsError(
            f"{bench.name} is of space {bench.space.name!r}; only {DARTS.name} is simulated"
        )
    if bench.manifest.targets["val_accuracy"].noise is None:
        raise EvaluationsError(
            f"{bench.name} has no noise model of val_accuracy (it was made with too few "
            "replicates), so no outcome can be drawn from it; take another benchmark"
        )


def manifest_digest(bench: Benchmark) -> str:
    """16 hex digits over all that the manifest says, checksums of the files included."""
    return digest(bench.manifest.to_json())


def saturating_curve(final_accuracy: float, epochs: int) -> np.ndarray:
    """A saturating curve that ends at a drawn accuracy: an invented shape, not a prediction.

    accuracy(e) = final * (1 - exp(-r e / E)) / (1 - exp(-r)), r = `CURVE_RATE`.

    Args:
        final_accuracy: After the last epoch, in [0, 1].
        epochs: E.

    Returns:
        float64 [epochs].
    """
    level = final_accuracy / -math.expm1(-CURVE_RATE)
    curve = level * -np.expm1(-CURVE_RATE * np.arange(1, epochs + 1) / epochs)
    curve[-1] = final_accuracy
    return curve


def curve_points(accuracies: np.ndarray, train_time_s: float) -> tuple[CurvePoint, ...]:
    """A curve as rows; what a benchmark does not know (losses, training accuracy) is nan.

    Args:
        accuracies: float64 [epochs].
        train_time_s: Of the whole training, spent evenly; may be nan.
    """
    epochs = len(accuracies)
    return tuple(
        CurvePoint(epoch, math.nan, math.nan, math.nan, accuracy, train_time_s * (epoch / epochs))
        for epoch, accuracy in enumerate(accuracies.tolist(), start=1)
    )


def _results(drawn: Prediction, status: str, curve: np.ndarray | None) -> dict[str, Any]:
    """The columns that depend on the outcome; a diverged training took all of its time."""
    time_s = _known(drawn.train_time_s)
    if curve is None:
        nothing = dict.fromkeys(
            ("val_accuracy", "best_val_accuracy", "val_loss", "test_accuracy"), math.nan
        )
        spent_s = time_s if status == "diverged" else math.nan
        return {"status": status, "epochs": 0, **nothing, "train_time_s": spent_s, "curve": ()}
    return {
        "status": status,
        "epochs": len(curve),
        "val_accuracy": drawn.val_accuracy,
        # Drawn apart, the best epoch may come out below the last one.
        "best_val_accuracy": max(drawn.val_accuracy, drawn.best_val_accuracy or 0.0),
        "val_loss": math.nan,
        "test_accuracy": _known(drawn.test_accuracy),
        "train_time_s": time_s,
        "curve": curve_points(curve, time_s),
    }


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _uniform(*what: object) -> float:
    """A number in [0, 1) that is a function of its arguments."""
    text = ":".join(map(str, what))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) / 2**56


@cache
def _software() -> str:
    versions = {name: version(name) for name in ("nasforge", "numpy")}
    return json.dumps({"python": platform.python_version(), **versions}, sort_keys=True)
