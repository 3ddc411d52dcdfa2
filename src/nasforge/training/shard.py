"""Training a shard: a list of proposals, each trained unless the cache already has it.

    >>> evaluations = train_shard(proposals, recipe, images, cache)

Every evaluation is stored the moment it ends, so kill -9 loses the one in flight and no other.
"""

import json
import logging
import math
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.evaluations.tables import Provenance
from nasforge.protocols import TRAINING_PROTOCOL
from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import MANIFEST, ImageSet
from nasforge.training.loop import Outcome, train_network

_LOG = logging.getLogger(__name__)


def train_shard(
    proposals: Sequence[Proposal],
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    device: str = "cpu",
    max_attempts: int = 2,
) -> list[Evaluation]:
    """Evaluate proposals one after the other.

    Args:
        proposals: What to train; several may be the same evaluation.
        recipe: How to train.
        images: The data set.
        cache: Where finished evaluations are looked up and stored.
        device: "cpu", "cuda" or "cuda:<number>".
        max_attempts: How often a training that ends in an exception is tried in all.

    Returns:
        One evaluation per distinct evaluation_id, in the order of the proposals. A training that
        diverged or failed is an evaluation too, with that status.
    """
    done: dict[str, Evaluation] = {}
    for number, proposal in enumerate(proposals, start=1):
        genotype = DARTS.canonical(DARTS.parse(proposal.raw_architecture))
        key = EvaluationKey(
            DARTS.architecture_id(genotype),
            recipe.recipe_id,
            images.dataset_id,
            proposal.replicate,
        )
        if key.evaluation_id in done:
            continue
        with cache.claim(key.evaluation_id):
            evaluation = cache.get(key.evaluation_id)
            source = "cache"
            while _wants_training(evaluation, max_attempts):
                attempts = evaluation.attempts + 1 if evaluation else 1
                checkpoint = Checkpoint(cache.checkpoint_path(key.evaluation_id))
                evaluation = evaluate(genotype, key, recipe, images, device, attempts, checkpoint)
                cache.put(evaluation)
                checkpoint.remove()
                source = "trained"
        done[key.evaluation_id] = evaluation
        _LOG.info(
            "%d/%d %s %s: %s, val_accuracy %.4f, %.1f s",
            number,
            len(proposals),
            key.evaluation_id,
            source,
            evaluation.status,
            evaluation.val_accuracy,
            evaluation.train_time_s,
        )
    return list(done.values())


def evaluate(
    genotype: Genotype,
    key: EvaluationKey,
    recipe: Recipe,
    images: ImageSet,
    device: str,
    attempts: int,
    checkpoint: Checkpoint | None = None,
) -> Evaluation:
    """Train one canonical genotype and describe what came of it, an exception included."""
    outcome, error = None, ""
    try:
        outcome = train_network(
            genotype,
            recipe,
            images,
            key.seed,
            device,
            checkpoint=checkpoint,
            on_epoch=_log_epoch,
        )
    except Exception as exception:  # a failed training is a row; the shard goes on
        _LOG.exception("evaluation %s failed (attempt %d)", key.evaluation_id, attempts)
        error = f"{type(exception).__name__}: {exception}"[:500]
    shape = recipe.network_shape(images.image_size, images.classes)
    return Evaluation(
        evaluation_id=key.evaluation_id,
        architecture=DARTS.format(genotype),
        architecture_id=key.architecture_id,
        replicate=key.replicate,
        seed=key.seed,
        recipe_id=key.recipe_id,
        dataset_id=key.dataset_id,
        evaluator=key.evaluator,
        protocol=TRAINING_PROTOCOL,
        error=error,
        attempts=attempts,
        params=DARTS.params(genotype, shape),
        macs=DARTS.macs(genotype, shape),
        backend="torch",
        precision=recipe.precision,
        device=_device_name(device),
        cpu=_cpu_name(),
        software=_software(),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        **_results(outcome),
    )


def provenance(recipe: Recipe, images_folder: Path) -> Provenance:
    """What the ids of a shard's evaluations stand for."""
    manifest = json.loads((images_folder / MANIFEST).read_text(encoding="utf-8"))
    dataset = {"spec": manifest["spec"], "sources": manifest["sources"]}
    return Provenance({recipe.recipe_id: recipe}, {manifest["dataset_id"]: dataset})


def _wants_training(evaluation: Evaluation | None, max_attempts: int) -> bool:
    if evaluation is None:
        return True
    return evaluation.status == "failed" and evaluation.attempts < max_attempts


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


def _log_epoch(point: CurvePoint) -> None:
    _LOG.debug("epoch %d: val_accuracy %.4f", point.epoch, point.val_accuracy)


def _device_name(device: str) -> str:
    return "cpu" if device == "cpu" else torch.cuda.get_device_name(device)


def _cpu_name() -> str:
    """The processor's name as Linux knows it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.processor()} ({os.cpu_count()} cores)"


def _software() -> str:
    versions = {name: version(name) for name in ("nasforge", "torch", "numpy")}
    return json.dumps({"python": platform.python_version(), **versions}, sort_keys=True)
