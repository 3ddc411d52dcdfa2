"""Training one network."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training import torch_trainer
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.loop import Outcome, train_network


@pytest.fixture(scope="module")
def outcome(genotype: Genotype, recipe: Recipe, images: ImageSet) -> Outcome:
    return train_network(genotype, recipe, images, seed=1)


def numbers(outcome: Outcome) -> list[tuple[float, ...]]:
    """All that must not differ between two runs: everything but times."""
    points = [dataclasses.astuple(point)[:-1] for point in outcome.curve]
    return [*points, (outcome.test_accuracy,)]


def test_one_seed_gives_one_outcome_bit_for_bit(
    genotype: Genotype, recipe: Recipe, images: ImageSet, outcome: Outcome
) -> None:
    torch.manual_seed(12345)
    torch.randn(10)
    assert numbers(train_network(genotype, recipe, images, seed=1)) == numbers(outcome)


def test_another_seed_gives_another_outcome(
    genotype: Genotype, recipe: Recipe, images: ImageSet, outcome: Outcome
) -> None:
    other = train_network(genotype, recipe, images, seed=2)
    assert all(
        a.train_loss != b.train_loss for a, b in zip(other.curve, outcome.curve, strict=True)
    )


def test_the_largest_seed_is_accepted(genotype: Genotype, recipe: Recipe, images: ImageSet) -> None:
    once = dataclasses.replace(recipe, epochs=1)
    assert not train_network(genotype, once, images, seed=2**60 - 1).diverged


def test_the_callers_random_state_and_threads_are_left_alone(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    torch.manual_seed(7)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    threads = torch.get_num_threads()
    train_network(genotype, dataclasses.replace(recipe, epochs=1), images, seed=1)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()
    assert torch.get_num_threads() == threads


def test_threads_are_restored_after_an_exception(
    genotype: Genotype, recipe: Recipe, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def fail(point: object) -> None:
        seen.append(torch.get_num_threads())
        raise RuntimeError("stop")

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="stop"):
            train_network(genotype, recipe, images, seed=1, on_epoch=fail)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1]


def test_it_learns(genotype: Genotype, recipe: Recipe, images: ImageSet) -> None:
    outcome = train_network(genotype, dataclasses.replace(recipe, epochs=8), images, seed=1)
    losses = [point.train_loss for point in outcome.curve]
    assert losses[0] == pytest.approx(math.log(3), rel=0.6)
    assert losses[-1] < 0.5 * losses[0]
    assert outcome.curve[-1].train_accuracy > 0.9
    assert outcome.curve[-1].val_accuracy > 0.8
    assert outcome.test_accuracy > 0.8


def test_a_curve_has_one_point_per_epoch(outcome: Outcome, recipe: Recipe) -> None:
    assert [point.epoch for point in outcome.curve] == list(range(1, recipe.epochs + 1))
    for point in outcome.curve:
        assert 0 <= point.train_accuracy <= 1
        assert 0 <= point.val_accuracy <= 1
        assert math.isfinite(point.val_loss)
    assert not outcome.diverged


def test_accuracies_are_counts_over_the_number_of_images(outcome: Outcome) -> None:
    for point in outcome.curve:
        assert point.train_accuracy * 96 == pytest.approx(
            round(point.train_accuracy * 96), abs=1e-4
        )
        assert point.val_accuracy * 48 == pytest.approx(round(point.val_accuracy * 48), abs=1e-4)
    assert outcome.test_accuracy * 45 == pytest.approx(round(outcome.test_accuracy * 45), abs=1e-4)


def test_time_passes(outcome: Outcome) -> None:
    times = [0.0, *(point.elapsed_s for point in outcome.curve)]
    assert all(a < b for a, b in itertools.pairwise(times))
    assert times[-1] <= outcome.train_time_s < times[-1] + 1


def test_every_epoch_is_reported_as_it_ends(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    points = []
    outcome = train_network(genotype, recipe, images, seed=1, on_epoch=points.append)
    assert tuple(points) == outcome.curve


def test_test_accuracy_is_of_the_last_epochs_network(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    alike = dataclasses.replace(images, test=images.validation)
    outcome = train_network(genotype, recipe, alike, seed=1)
    assert outcome.test_accuracy == outcome.curve[-1].val_accuracy


def test_test_images_decide_nothing_but_the_test_accuracy(
    genotype: Genotype, recipe: Recipe, images: ImageSet, outcome: Outcome
) -> None:
    wrong = Split(images.test.images, (images.test.labels + 1) % 3)
    other = train_network(genotype, recipe, dataclasses.replace(images, test=wrong), seed=1)
    assert numbers(other)[:-1] == numbers(outcome)[:-1]
    assert other.test_accuracy != outcome.test_accuracy


def test_validation_images_are_not_trained_on(
    genotype: Genotype, recipe: Recipe, images: ImageSet, outcome: Outcome
) -> None:
    wrong = Split(images.validation.images, (images.validation.labels + 1) % 3)
    other = train_network(genotype, recipe, dataclasses.replace(images, validation=wrong), seed=1)
    assert [p.train_loss for p in other.curve] == [p.train_loss for p in outcome.curve]
    assert other.test_accuracy == outcome.test_accuracy
    assert other.curve[-1].val_loss != outcome.curve[-1].val_loss


def test_images_are_normalised_with_the_training_splits_moments(
    genotype: Genotype, recipe: Recipe, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Spy(torch_trainer.EvaluationNetwork):
        def training_logits(self, inputs: torch.Tensor, keep: None) -> tuple:
            seen.append(inputs.detach().clone())
            return super().training_logits(inputs, keep)

    monkeypatch.setattr(torch_trainer, "EvaluationNetwork", Spy)
    plain = dataclasses.replace(recipe, epochs=1, crop_padding=0, flip=False)
    train_network(genotype, plain, images, seed=1)
    trained = torch.cat(seen[:3])
    torch.testing.assert_close(trained.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        trained.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0
    )
    validated = (images.validation.images / 255 - images.mean.reshape(3, 1, 1)) / (
        images.std.reshape(3, 1, 1)
    )
    np.testing.assert_allclose(seen[3].numpy(), validated, atol=1e-4)


def test_images_are_evaluated_in_evaluation_mode(
    genotype: Genotype, recipe: Recipe, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []

    class Spy(torch_trainer.EvaluationNetwork):
        def training_logits(self, inputs: torch.Tensor, keep: None) -> tuple:
            modes.append(self.training)
            return super().training_logits(inputs, keep)

    monkeypatch.setattr(torch_trainer, "EvaluationNetwork", Spy)
    train_network(genotype, recipe, images, seed=1)
    assert modes == [True, True, True, False] * 3 + [False]


def test_the_batch_size_of_evaluation_does_not_matter(
    genotype: Genotype,
    recipe: Recipe,
    images: ImageSet,
    outcome: Outcome,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch_trainer, "EVALUATION_BATCH", 7)
    other = train_network(genotype, recipe, images, seed=1)
    for point, same in zip(other.curve, outcome.curve, strict=True):
        assert point.val_accuracy == same.val_accuracy
        assert point.val_loss == pytest.approx(same.val_loss, rel=1e-4)
    assert other.test_accuracy == outcome.test_accuracy


def test_the_learning_rate_is_a_cosine_over_all_steps(
    genotype: Genotype, recipe: Recipe, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = []
    step = torch.optim.SGD.step

    def record(optimizer: torch.optim.SGD, *arguments: object) -> object:
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.SGD, "step", record)
    train_network(genotype, recipe, images, seed=1)
    expected = [0.05 * (1 + math.cos(math.pi * i / 9)) for i in range(9)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize("backend", ["torch", "native"])
def test_a_part_of_validation_may_measure_the_epochs_before_the_last(
    genotype: Genotype, recipe: Recipe, images: ImageSet, backend: str
) -> None:
    fewer = dataclasses.replace(recipe, curve_images=12)
    full, part = (
        train_network(genotype, r, images, seed=1, backend=backend) for r in (recipe, fewer)
    )
    assert part.curve[-1].val_accuracy == full.curve[-1].val_accuracy
    assert part.curve[-1].val_loss == full.curve[-1].val_loss
    for point, measured in zip(part.curve[:-1], full.curve[:-1], strict=True):
        assert point.val_loss != measured.val_loss
        assert point.val_accuracy * 12 == pytest.approx(round(point.val_accuracy * 12))


def test_a_part_of_a_split_is_spread_over_it(images: ImageSet) -> None:
    part = images.validation.spread(12)
    assert np.array_equal(part.labels, images.validation.labels[::4])
    assert np.array_equal(part.images, images.validation.images[::4])


@pytest.mark.parametrize(
    "change",
    [
        {"momentum": 0.0},
        {"weight_decay": 0.1},
        {"gradient_clip": 0.01},
        {"crop_padding": 0},
        {"flip": False},
        {"learning_rate": 0.2},
        {"batch_size": 41},
        {"final_learning_rate": 0.05},
        {"rate_per_epoch": True},
        {"nesterov": True},
        {"cutout": 4},
        {"mixup": 0.2},
        {"drop_path": 0.2},
        {"precision": "bf16"},
    ],
)
def test_every_option_of_the_recipe_has_an_effect(
    genotype: Genotype,
    recipe: Recipe,
    images: ImageSet,
    outcome: Outcome,
    change: dict[str, float],
) -> None:
    other = train_network(genotype, dataclasses.replace(recipe, **change), images, seed=1)
    assert other.curve[-1].train_loss != outcome.curve[-1].train_loss


def test_a_loss_that_is_not_finite_ends_the_training_as_diverged(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    wild = dataclasses.replace(recipe, learning_rate=1e30)
    outcome = train_network(genotype, wild, images, seed=1)
    assert outcome.diverged
    assert len(outcome.curve) < recipe.epochs
    assert all(math.isfinite(point.train_loss) for point in outcome.curve)
    assert math.isnan(outcome.test_accuracy)
    assert outcome.train_time_s > 0


def test_a_network_that_is_broken_after_its_last_step_has_diverged(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    # One step: its loss is that of the untouched network, finite.
    wild = dataclasses.replace(recipe, learning_rate=1e30, epochs=1, batch_size=96)
    outcome = train_network(genotype, wild, images, seed=1)
    assert outcome.diverged
    assert outcome.curve == ()
