"""Evaluating a shard: a list of proposals, each evaluated unless the cache already has it.

    >>> evaluations = evaluate_shard(proposals, recipe, evaluator, cache)

Every evaluation is stored the moment it ends, so kill -9 loses the one in flight and no other.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.evaluators.progress import ShardProgress
from nasforge.evaluators.stopping import listening, stoppable
from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype

_LOG = logging.getLogger(__name__)


class Evaluator(Protocol):
    """Where outcomes come from.

    Attributes:
        name: One of `schema.EVALUATORS`; part of every id.
        done: What its log lines call a fresh evaluation ("trained").
        dataset_id: Part of every id.
    """

    name: str
    done: str
    dataset_id: str

    def evaluate(
        self,
        genotype: Genotype,
        key: EvaluationKey,
        attempts: int,
        on_epoch: Callable[[CurvePoint], None],
    ) -> Evaluation:
        """The outcome of a canonical genotype; a failure is one too, with that status.

        Args:
            genotype: In canonical form.
            key: What identifies the evaluation.
            attempts: 1 at the first attempt.
            on_epoch: Called after every epoch, if there are any to wait for.
        """
        ...


def evaluate_shard(
    proposals: Sequence[Proposal],
    recipe: Recipe,
    evaluator: Evaluator,
    cache: EvaluationCache,
    max_attempts: int = 2,
    label: str = "shard",
) -> list[Evaluation]:
    """Evaluate proposals one after the other.

    Args:
        proposals: What to evaluate; several may be the same evaluation.
        recipe: How it is, or would be, trained.
        evaluator: Where outcomes come from.
        cache: Where finished evaluations are looked up and stored.
        max_attempts: How often what failed is tried in all; once each time this function runs.
        label: Name of the shard in its progress lines.

    Returns:
        One evaluation per distinct evaluation_id, in the order of the proposals.

    Raises:
        Stopped: The process got SIGTERM or SIGINT; what had ended is stored.
    """
    with listening():
        return _evaluate_all(proposals, recipe, evaluator, cache, max_attempts, label)


def _evaluate_all(
    proposals: Sequence[Proposal],
    recipe: Recipe,
    evaluator: Evaluator,
    cache: EvaluationCache,
    max_attempts: int,
    label: str,
) -> list[Evaluation]:
    progress = ShardProgress(label, len(proposals), recipe.epochs)
    done: dict[str, Evaluation] = {}
    for number, proposal in enumerate(proposals, start=1):
        genotype = DARTS.canonical(DARTS.parse(proposal.raw_architecture))
        key = EvaluationKey(
            DARTS.architecture_id(genotype),
            recipe.recipe_id,
            evaluator.dataset_id,
            proposal.replicate,
            evaluator.name,
        )
        if key.evaluation_id not in done:
            with cache.claim(key.evaluation_id):
                evaluation = cache.get(key.evaluation_id)
                source = "cached"
                if _is_wanted(evaluation, max_attempts):
                    with stoppable():
                        pass
                    attempts = evaluation.attempts + 1 if evaluation else 1
                    evaluation = evaluator.evaluate(genotype, key, attempts, progress.epoch_done)
                    cache.put(evaluation)
                    if evaluation.status != "failed":  # what raised late may go on where it was
                        cache.checkpoint_path(key.evaluation_id).unlink(missing_ok=True)
                    source = evaluator.done
            done[key.evaluation_id] = evaluation
            _log(f"{number}/{len(proposals)}", source, evaluation)
        progress.training_done()
    return list(done.values())


def _is_wanted(evaluation: Evaluation | None, max_attempts: int) -> bool:
    if evaluation is None:
        return True
    return evaluation.status == "failed" and evaluation.attempts < max_attempts


def _log(number: str, source: str, evaluation: Evaluation) -> None:
    _LOG.info(
        "%s %s %s: %s, val_accuracy %.4f, %.1f s",
        number,
        evaluation.evaluation_id,
        source,
        evaluation.status,
        evaluation.val_accuracy,
        evaluation.train_time_s,
    )
