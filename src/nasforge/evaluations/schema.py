"""An evaluation (one training of one canonical architecture), its learning curve and its ids.

    >>> key = EvaluationKey("9903268c82818be4", "d9a262e0f968fba9", "0f...", replicate=0)
    >>> key.evaluation_id, key.seed

Accuracies are fractions in [0, 1]; nan where there is none (a failed or diverged training).
"""

import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Self

from nasforge.errors import ConfigError, EvaluationsError
from nasforge.recipe import digest

SCHEMA_VERSION = 1
"""Version of the cache entries and of the parquet tables."""

EVALUATORS = ("train", "simulate", "replay", "import")
"""Where an evaluation's numbers may come from; part of its id, so kinds never mix.

`train` is a training by nasforge, `simulate` a draw from a frozen benchmark, `replay` a training
of ours looked up in a table; what is not known of an `import` is nan, -1 or "".
"""

SIMULATED_PREFIX = "sim-"
"""What the name of a benchmark made of simulated evaluations starts with."""

STATUSES = ("ok", "diverged", "failed")
"""`diverged` is a final result; `failed` (an exception) is tried again."""


@dataclass(frozen=True)
class EvaluationKey:
    """What identifies an evaluation.

    Attributes:
        architecture_id: Of the canonical form.
        recipe_id: Of the recipe.
        dataset_id: Of the data set.
        replicate: 0, 1, 2, ...: which of several trainings with different seeds.
        evaluator: One of `EVALUATORS`.
    """

    architecture_id: str
    recipe_id: str
    dataset_id: str
    replicate: int
    evaluator: str = "train"

    @property
    def evaluation_id(self) -> str:
        """16 hex digits over all fields."""
        return digest(asdict(self))

    @property
    def seed(self) -> int:
        """The training seed, below 2^60.

        It derives from architecture, recipe and replicate, so that noise is independent between
        architectures: one seed common to all would add a common offset and hide noise.
        """
        return int(digest([self.architecture_id, self.recipe_id, self.replicate], 15), 16)


@dataclass(frozen=True)
class CurvePoint:
    """One epoch of a learning curve.

    Attributes:
        epoch: 1, 2, ...
        train_loss: Mean cross entropy over the epoch's augmented batches.
        train_accuracy: Over the same batches.
        val_loss: Mean cross entropy on the validation images after the epoch.
        val_accuracy: On the validation images after the epoch.
        elapsed_s: Seconds since the start of training, validations included.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    elapsed_s: float


@dataclass(frozen=True)
class Evaluation:
    """One row of evaluations.parquet, with its curve.

    Attributes:
        evaluation_id: Of the key below.
        architecture: Text of the canonical genotype, which is what was trained.
        architecture_id: Its id.
        replicate: Which of several trainings.
        seed: The training seed.
        recipe_id: Id of the recipe.
        dataset_id: Id of the data set.
        evaluator: One of `EVALUATORS`.
        protocol: TRAINING_PROTOCOL at the time.
        epochs: Epochs finished.
        status: One of `STATUSES`.
        error: Type and message of the exception of a failed training, else "".
        attempts: How often it was tried.
        val_accuracy: After the last epoch.
        best_val_accuracy: The best of all epochs (what NAS-Bench-301 published; optimistic).
        val_loss: After the last epoch.
        test_accuracy: After the last epoch.
        train_time_s: Training and validation; see `training.loop.Outcome`.
        params: Trainable parameters.
        macs: Multiply-adds of one image's forward pass.
        backend: Implementation that trained ("torch").
        precision: Arithmetic ("fp32").
        device: "cpu" or the GPU's name.
        cpu: The processor's name.
        software: Versions, as JSON.
        finished_at: UTC time, ISO 8601.
        curve: One point per finished epoch.
    """

    evaluation_id: str
    architecture: str
    architecture_id: str
    replicate: int
    seed: int
    recipe_id: str
    dataset_id: str
    evaluator: str
    protocol: int
    epochs: int
    status: str
    error: str
    attempts: int
    val_accuracy: float
    best_val_accuracy: float
    val_loss: float
    test_accuracy: float
    train_time_s: float
    params: int
    macs: int
    backend: str
    precision: str
    device: str
    cpu: str
    software: str
    finished_at: str
    curve: tuple[CurvePoint, ...] = ()

    @property
    def key(self) -> EvaluationKey:
        """The identifying fields."""
        return EvaluationKey(
            self.architecture_id,
            self.recipe_id,
            self.dataset_id,
            self.replicate,
            self.evaluator,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object; nan becomes null."""
        row = {name: _nan_to_none(getattr(self, name)) for name in _fields(type(self))}
        names = _fields(CurvePoint)
        curve = [{name: _nan_to_none(getattr(p, name)) for name in names} for p in self.curve]
        return {"schema_version": SCHEMA_VERSION, **row, "curve": curve}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read `to_json`'s object.

        Raises:
            EvaluationsError: A field is missing, unknown or of the wrong type, the version is
                another one, or the id does not belong to the other fields.
        """
        if not isinstance(data, dict) or data.get("schema_version") != SCHEMA_VERSION:
            raise EvaluationsError(f"not an evaluation of schema version {SCHEMA_VERSION}")
        values = {name: value for name, value in data.items() if name != "schema_version"}
        points = values.pop("curve", None)
        if not isinstance(points, list):
            raise EvaluationsError("an evaluation without a curve")
        curve = tuple(_build(CurvePoint, point) for point in points)
        evaluation = _build(cls, {**values, "curve": curve})
        if evaluation.status not in STATUSES:
            raise EvaluationsError(f"status {evaluation.status!r}; allowed: {', '.join(STATUSES)}")
        if evaluation.evaluator not in EVALUATORS:
            raise EvaluationsError(
                f"evaluator {evaluation.evaluator!r}; allowed: {', '.join(EVALUATORS)}"
            )
        if evaluation.evaluation_id != evaluation.key.evaluation_id:
            raise EvaluationsError(
                f"evaluation_id {evaluation.evaluation_id} does not belong to its fields"
            )
        return evaluation


def check_export_name(name: str, evaluator: str) -> None:
    """Make sure that nobody takes what was simulated for what was measured.

    Raises:
        ConfigError: A benchmark of simulated evaluations is not named so.
    """
    if evaluator == "simulate" and not name.startswith(SIMULATED_PREFIX):
        raise ConfigError(
            f"export.name: {name!r} must start with {SIMULATED_PREFIX!r}, because the evaluations "
            "are simulated"
        )


def _build(cls: type, values: object) -> Any:
    """Make a dataclass of exactly these fields, each of its declared type."""
    names = _fields(cls)
    if not isinstance(values, dict) or values.keys() != names.keys():
        raise EvaluationsError(f"an {cls.__name__} must have exactly {', '.join(names)}")
    cast = {}
    for name, kind in names.items():
        value = values[name]
        if kind is float:
            value = math.nan if value is None else value
            ok = isinstance(value, int | float)
        else:
            ok = isinstance(value, kind if isinstance(kind, type) else tuple)
        if isinstance(value, int):
            ok = ok and not isinstance(value, bool) and -(2**63) <= value < 2**63
        if not ok:
            raise EvaluationsError(f"{cls.__name__}.{name}: {value!r} is not a {kind}")
        cast[name] = float(value) if kind is float else value
    return cls(**cast)


def _nan_to_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@cache
def _fields(cls: type) -> dict[str, Any]:
    """Types by name; `dataclasses.fields` is slow where there is a point per epoch."""
    return {field.name: field.type for field in fields(cls)}
