"""Training a shard: nothing twice, failures as rows."""

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from nasforge.errors import DatasetError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import CurvePoint, Evaluation
from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training import shard
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import ImageSet
from nasforge.training.loop import Outcome
from nasforge.training.shard import train_shard

PLAIN = "/".join(["skip_connect@0+skip_connect@1"] * 4)
TEXTS = (
    f"normal:{PLAIN}-reduce:{PLAIN}",
    f"normal:{PLAIN}-reduce:{PLAIN}".replace("skip_connect@0", "max_pool_3x3@0", 1),
)
OUTCOME = Outcome(
    curve=(CurvePoint(1, 1.0, 0.4, 0.9, 0.7, 1.0), CurvePoint(2, 0.8, 0.5, 1.0, 0.6, 2.0)),
    test_accuracy=0.65,
    train_time_s=2.0,
    diverged=False,
)
DIVERGED = Outcome(curve=(), test_accuracy=math.nan, train_time_s=0.5, diverged=True)


class Trainings:
    """Stands in for `train_network`: remembers its calls and gives results in turn."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.results: list[Outcome | BaseException] = []

    def __call__(
        self,
        genotype: Genotype,
        recipe: Recipe,
        images: ImageSet,
        seed: int,
        device: str = "cpu",
        backend: str = "torch",
        checkpoint: Checkpoint | None = None,
        on_epoch: Callable[[CurvePoint], None] | None = None,
    ) -> Outcome:
        self.calls.append((DARTS.format(genotype), seed))
        result = self.results.pop(0) if self.results else OUTCOME
        if isinstance(result, BaseException):
            raise result
        return result


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    trainings = Trainings()
    monkeypatch.setattr(shard, "train_network", trainings)
    return trainings


@pytest.fixture
def cache(tmp_path: Path, recipe: Recipe) -> EvaluationCache:
    return EvaluationCache(tmp_path, "train", recipe.recipe_id)


def proposal(text: str = TEXTS[0], replicate: int = 0, position: int = 0) -> Proposal:
    return Proposal("random", "random", 0, position, replicate, text)


def test_every_evaluation_is_trained_once(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    proposals = [proposal(TEXTS[0]), proposal(TEXTS[1]), proposal(TEXTS[0], position=2)]
    first = train_shard(proposals, recipe, images, cache)
    assert len(trainings.calls) == 2
    assert [row.architecture for row in first] == [
        DARTS.format(DARTS.canonical(DARTS.parse(text))) for text in TEXTS
    ]
    second = train_shard(proposals, recipe, images, cache)
    assert len(trainings.calls) == 2
    assert second == first


def test_a_relabelled_architecture_is_the_same_evaluation(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    a, b = "sep_conv_3x3@0+skip_connect@1", "max_pool_3x3@0+skip_connect@1"
    rest = "/".join(["skip_connect@0+skip_connect@1"] * 2)
    swapped = "/".join("+".join(reversed(node.split("+"))) for node in (b, a))
    texts = [f"normal:{a}/{b}/{rest}-reduce:{PLAIN}", f"normal:{swapped}/{rest}-reduce:{PLAIN}"]
    assert DARTS.parse(texts[0]) != DARTS.parse(texts[1])
    (row,) = train_shard([proposal(text) for text in texts], recipe, images, cache)
    assert len(trainings.calls) == 1
    assert trainings.calls[0][0] == row.architecture
    assert DARTS.canonical(DARTS.parse(row.architecture)) == DARTS.parse(row.architecture)
    assert train_shard([proposal(texts[1])], recipe, images, cache) == [row]
    assert len(trainings.calls) == 1


def test_replicates_are_evaluations_of_their_own_with_their_own_seeds(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    rows = train_shard([proposal(replicate=i) for i in range(3)], recipe, images, cache)
    assert [row.replicate for row in rows] == [0, 1, 2]
    assert len({row.evaluation_id for row in rows}) == 3
    assert len({row.architecture_id for row in rows}) == 1
    assert [seed for _, seed in trainings.calls] == [row.seed for row in rows]
    assert len({row.seed for row in rows}) == 3


def test_the_row_says_what_was_trained_and_what_came_of_it(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    (row,) = train_shard([proposal()], recipe, images, cache, backend="torch")
    assert (row.status, row.error, row.attempts, row.epochs) == ("ok", "", 1, 2)
    assert (row.val_accuracy, row.best_val_accuracy, row.val_loss) == (0.6, 0.7, 1.0)
    assert (row.test_accuracy, row.train_time_s, row.curve) == (0.65, 2.0, OUTCOME.curve)
    assert (row.recipe_id, row.dataset_id) == (recipe.recipe_id, images.dataset_id)
    shape = recipe.network_shape(8, 3)
    genotype = DARTS.parse(row.architecture)
    assert (row.params, row.macs) == (DARTS.params(genotype, shape), DARTS.macs(genotype, shape))
    assert (row.backend, row.precision, row.device, row.evaluator) == (
        "torch",
        "fp32",
        "cpu",
        "train",
    )
    assert {"python", "nasforge", "torch", "numpy"} <= set(json.loads(row.software))
    assert row.finished_at.endswith("+00:00")


def test_a_row_is_stored_the_moment_its_training_ends(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    trainings.results = [OUTCOME, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        train_shard([proposal(TEXTS[0]), proposal(TEXTS[1])], recipe, images, cache)
    stored = [path.name for path in cache.root.rglob("*") if path.is_file()]
    assert len(stored) == 1
    rows = train_shard([proposal(TEXTS[0]), proposal(TEXTS[1])], recipe, images, cache)
    assert stored == [f"{rows[0].evaluation_id}.json"]
    assert [text for text, _ in trainings.calls] == [
        rows[0].architecture,
        rows[1].architecture,
        rows[1].architecture,
    ]


def test_an_exception_is_a_row_with_its_message_and_the_shard_goes_on(
    trainings: Trainings,
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trainings.results = [RuntimeError("out of memory"), OUTCOME]
    rows = train_shard(
        [proposal(TEXTS[0]), proposal(TEXTS[1])], recipe, images, cache, max_attempts=1
    )
    assert [row.status for row in rows] == ["failed", "ok"]
    failed = rows[0]
    assert failed.error == "RuntimeError: out of memory"
    assert (failed.attempts, failed.epochs, failed.curve) == (1, 0, ())
    assert all(
        math.isnan(value)
        for value in (
            failed.val_accuracy,
            failed.best_val_accuracy,
            failed.val_loss,
            failed.test_accuracy,
            failed.train_time_s,
        )
    )
    assert "out of memory" in caplog.text
    assert failed.evaluation_id in caplog.text
    assert repr(cache.get(failed.evaluation_id)) == repr(failed)


@pytest.mark.parametrize("error", [OSError(28, "No space left"), DatasetError("images: damaged")])
def test_what_no_training_can_help_stops_the_shard_and_is_no_row(
    trainings: Trainings,
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    error: Exception,
) -> None:
    trainings.results = [error]
    with pytest.raises(type(error)):
        train_shard([proposal()], recipe, images, cache)
    assert [path for path in cache.root.rglob("*") if path.is_file()] == []
    (row,) = train_shard([proposal()], recipe, images, cache)
    assert (row.status, row.attempts) == ("ok", 1)


def test_a_failed_training_is_tried_up_to_max_attempts_and_no_more(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    trainings.results = [RuntimeError(str(i)) for i in range(10)]
    for attempt in (1, 2, 3):  # one each time the shard's job runs
        (row,) = train_shard([proposal()], recipe, images, cache, max_attempts=3)
        assert (row.attempts, row.error) == (attempt, f"RuntimeError: {attempt - 1}")
    (row,) = train_shard([proposal()], recipe, images, cache, max_attempts=3)
    assert (row.status, row.attempts) == ("failed", 3)
    assert len(trainings.calls) == 3
    assert len({seed for _, seed in trainings.calls}) == 1


def test_more_attempts_than_before_are_used(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    trainings.results = [RuntimeError("once")]
    (row,) = train_shard([proposal()], recipe, images, cache, max_attempts=1)
    assert row.status == "failed"
    (row,) = train_shard([proposal()], recipe, images, cache, max_attempts=2)
    assert (row.status, row.attempts, row.error) == ("ok", 2, "")
    assert cache.get(row.evaluation_id) == row


def test_a_diverged_training_is_final(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    trainings.results = [DIVERGED]
    for _ in range(2):
        (row,) = train_shard([proposal()], recipe, images, cache, max_attempts=5)
        assert (row.status, row.error, row.attempts, row.epochs) == ("diverged", "", 1, 0)
        assert math.isnan(row.val_accuracy)
        assert row.train_time_s == 0.5
    assert len(trainings.calls) == 1


def test_a_diverged_training_keeps_its_finished_epochs_but_has_no_accuracy(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    trainings.results = [Outcome(OUTCOME.curve[:1], math.nan, 1.5, diverged=True)]
    (row,) = train_shard([proposal()], recipe, images, cache)
    assert (row.epochs, row.curve) == (1, OUTCOME.curve[:1])
    assert math.isnan(row.val_accuracy)
    assert math.isnan(row.best_val_accuracy)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes_and_stores_nothing(
    trainings: Trainings,
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    stop: type[BaseException],
) -> None:
    trainings.results = [stop()]
    with pytest.raises(stop):
        train_shard([proposal()], recipe, images, cache)
    assert [path for path in cache.root.rglob("*") if path.is_file()] == []


def test_a_damaged_entry_is_trained_again(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    (row,) = train_shard([proposal()], recipe, images, cache)
    cache.path(row.evaluation_id).write_text("half")
    (again,) = train_shard([proposal()], recipe, images, cache)
    assert again.val_accuracy == row.val_accuracy
    assert len(trainings.calls) == 2


def test_the_evaluation_is_claimed_while_it_trains(
    recipe: Recipe, images: ImageSet, cache: EvaluationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[str] = []

    def train(*_: object, **__: object) -> Outcome:
        locks.extend(path.name for path in cache.root.rglob("*.lock"))
        return OUTCOME

    monkeypatch.setattr(shard, "train_network", train)
    (row,) = train_shard([proposal()], recipe, images, cache)
    assert locks == [f"{row.evaluation_id}.lock"]
    assert list(cache.root.rglob("*.lock")) == []


def test_the_log_says_whether_it_was_trained_or_found(
    trainings: Trainings,
    recipe: Recipe,
    images: ImageSet,
    cache: EvaluationCache,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, logger="nasforge"):
        train_shard([proposal()], recipe, images, cache)
        train_shard([proposal()], recipe, images, cache)
    first, second = (record.getMessage() for record in caplog.records)
    assert "1/1" in first
    assert "trained: ok" in first
    assert "cached: ok" in second


def test_an_empty_shard_is_no_evaluation(
    trainings: Trainings, recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    assert train_shard([], recipe, images, cache) == []


def test_a_real_training_is_stored_as_it_was(
    recipe: Recipe, images: ImageSet, cache: EvaluationCache
) -> None:
    (row,) = train_shard([proposal()], recipe, images, cache)
    assert row.status == "ok"
    assert row.epochs == len(row.curve) == recipe.epochs
    assert row.best_val_accuracy == max(point.val_accuracy for point in row.curve)
    stored = cache.get(row.evaluation_id)
    assert isinstance(stored, Evaluation)
    assert stored == row
