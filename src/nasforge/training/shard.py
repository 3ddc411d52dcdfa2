"""Training a shard: a list of proposals, each trained unless the cache already has it.

    >>> evaluations = train_shard(proposals, recipe, images, cache)

Every evaluation is stored the moment it ends, so kill -9 loses the one in flight and no other.
"""

import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from nasforge.errors import NasforgeError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.evaluations.tables import Provenance
from nasforge.evaluators.shard import evaluate_shard
from nasforge.protocols import TRAINING_PROTOCOL
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.backends import resolve_backend
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import MANIFEST, ImageSet
from nasforge.training.loop import Outcome, train_network
from nasforge.training.machine import check_device, cpu_name, device_name, software_versions

_LOG = logging.getLogger(__name__)


def train_shard(
    proposals: Sequence[Proposal],
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    device: str = "cpu",
    backend: str = "auto",
    max_attempts: int = 2,
    label: str = "shard",
) -> list[Evaluation]:
    """Train proposals one after the other; see `evaluators.shard.evaluate_shard`.

    Args:
        proposals: What to train; several may be the same evaluation.
        recipe: How to train.
        images: The data set.
        cache: Where finished evaluations are looked up and stored.
        device: "cpu", "cuda" or "cuda:<number>".
        backend: One of `backends.BACKENDS`.
        max_attempts: How often a training that ends in an exception is tried in all; once each
            time this function runs.
        label: Name of the shard in its progress lines.

    Returns:
        One evaluation per distinct evaluation_id, in the order of the proposals. A training that
        diverged or failed is an evaluation too, with that status.

    Raises:
        ConfigError: The device is not there.
        NativeEngineError: The native backend is asked for and cannot be used.
    """
    check_device(device)
    trainer = Trainer(recipe, images, cache, device, resolve_backend(backend, recipe, device))
    return evaluate_shard(proposals, recipe, trainer, cache, max_attempts, label)


@dataclass(frozen=True)
class Trainer:
    """Trains; see `evaluators.shard.Evaluator`. What the trainings of a shard share."""

    name: ClassVar[str] = "train"
    done: ClassVar[str] = "trained"

    recipe: Recipe
    images: ImageSet
    cache: EvaluationCache
    device: str
    backend: str

    @property
    def dataset_id(self) -> str:
        """That of the images."""
        return self.images.dataset_id

    def evaluate(
        self,
        genotype: Genotype,
        key: EvaluationKey,
        attempts: int,
        on_epoch: Callable[[CurvePoint], None],
    ) -> Evaluation:
        """Train; an exception is a failed training, but for those that no training can help.

        Raises:
            OSError: A disk is full, or a network drive gone.
            NasforgeError: The images or the device are not as they should be.
        """
        checkpoint = Checkpoint(self.cache.checkpoint_path(key.evaluation_id))
        outcome, error = None, ""
        try:
            outcome = train_network(
                genotype,
                self.recipe,
                self.images,
                key.seed,
                self.device,
                self.backend,
                checkpoint=checkpoint,
                on_epoch=on_epoch,
            )
        except (OSError, NasforgeError):
            raise
        except Exception as exception:  # a failed training is a row; the shard goes on
            _LOG.exception("evaluation %s failed (attempt %d)", key.evaluation_id, attempts)
            error = f"{type(exception).__name__}: {exception}"[:500]
        return self._describe(genotype, key, outcome, error, attempts)

    def _describe(
        self,
        genotype: Genotype,
        key: EvaluationKey,
        outcome: Outcome | None,
        error: str,
        attempts: int,
    ) -> Evaluation:
        """The row of a training; an outcome of None is an exception."""
        shape = self.recipe.network_shape(self.images.image_size, self.images.classes)
        return Evaluation(
            **asdict(key),
            evaluation_id=key.evaluation_id,
            architecture=DARTS.format(genotype),
            seed=key.seed,
            protocol=TRAINING_PROTOCOL,
            error=error,
            attempts=attempts,
            params=DARTS.params(genotype, shape),
            macs=DARTS.macs(genotype, shape),
            backend=self.backend,
            precision=self.recipe.precision,
            device=device_name(self.device),
            cpu=cpu_name(),
            software=software_versions(),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            **_results(outcome),
        )


def provenance(recipe: Recipe, images_folder: Path) -> Provenance:
    """What the ids of a shard's evaluations stand for."""
    manifest = json.loads((images_folder / MANIFEST).read_text(encoding="utf-8"))
    record = DatasetSpec.from_dict(manifest["spec"]).record(manifest["sources"])
    return Provenance({recipe.recipe_id: recipe.record}, {manifest["dataset_id"]: record})


def _results(outcome: Outcome | None) -> dict[str, Any]:
    """The columns that depend on the outcome; None is a training that raised."""
    curve = outcome.curve if outcome else ()
    ok = outcome is not None and not outcome.diverged
    return {
        "status": "ok" if ok else "failed" if outcome is None else "diverged",
        "epochs": len(curve),
        "val_accuracy": curve[-1].val_accuracy if ok else math.nan,
        "best_val_accuracy": max(p.val_accuracy for p in curve) if ok else math.nan,
        "val_loss": curve[-1].val_loss if ok else math.nan,
        "test_accuracy": outcome.test_accuracy if ok else math.nan,
        "train_time_s": outcome.train_time_s if outcome else math.nan,
        "curve": curve,
    }
