"""The random decisions of a training: complete, uniform, and a pure function of the seed."""

import dataclasses
import math

import numpy as np
import pytest

from nasforge.recipe import Recipe
from nasforge.training.batches import Batch, epoch_batches

RECIPE = Recipe(
    cells=3, channels=2, epochs=3, batch_size=40, learning_rate=0.1, crop_padding=1, flip=True
)


def epoch(recipe: Recipe = RECIPE, images: int = 96, seed: int = 1, number: int = 1) -> list[Batch]:
    return list(epoch_batches(recipe, images, 8, seed, number))


def joined(batches: list[Batch], field: str) -> np.ndarray:
    return np.concatenate([getattr(batch, field) for batch in batches])


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(40, [40, 40, 16]), (96, [96]), (95, [95, 1]), (200, [96])]
)
def test_every_image_is_seen_once_an_epoch_in_a_new_order(
    batch_size: int, sizes: list[int]
) -> None:
    recipe = dataclasses.replace(RECIPE, batch_size=batch_size)
    first, second = epoch(recipe), epoch(recipe, number=2)
    assert [len(batch.index) for batch in first] == sizes
    orders = [joined(batches, "index") for batches in (first, second)]
    for order in orders:
        assert sorted(order) == list(range(96))
    assert not np.array_equal(*orders)


def test_the_learning_rate_is_a_cosine_over_all_steps() -> None:
    rates = [batch.learning_rate for number in (1, 2, 3) for batch in epoch(number=number)]
    expected = [0.05 * (1 + math.cos(math.pi * i / 9)) for i in range(9)]
    assert rates == pytest.approx(expected)


def test_crops_and_flips_are_uniform_and_independent() -> None:
    batches = epoch(images=6000)
    chosen = np.stack([joined(batches, f) for f in ("rows", "columns", "mirrored")]).astype(int)
    for values, number in zip(chosen, (3, 3, 2), strict=True):
        counts = np.bincount(values, minlength=number)
        assert len(counts) == number
        assert np.abs(counts - 6000 / number).max() < 160  # more than 4 standard deviations
    assert np.abs(np.corrcoef(chosen.astype(float)) - np.eye(3)).max() < 0.06


def test_the_seed_and_the_epoch_decide_everything() -> None:
    def content(batches: list[Batch]) -> list[list]:
        return [[np.asarray(value).tolist() for value in vars(b).values()] for b in batches]

    np.random.seed(0)
    first = epoch()
    assert content(first) == content(epoch())
    assert content(first) != content(epoch(seed=2))
    assert content(first) != content(epoch(number=2))


def test_an_option_that_is_off_leaves_the_other_draws_as_they_are() -> None:
    full, plain = epoch(), epoch(dataclasses.replace(RECIPE, crop_padding=0, flip=False))
    assert np.array_equal(joined(full, "index"), joined(plain, "index"))
    assert not joined(plain, "rows").any()
    assert not joined(plain, "mirrored").any()
    no_crop = epoch(dataclasses.replace(RECIPE, crop_padding=0))
    assert np.array_equal(joined(full, "mirrored"), joined(no_crop, "mirrored"))


def test_the_learning_rate_ends_at_its_final_value_and_may_change_per_epoch_only() -> None:
    recipe = dataclasses.replace(RECIPE, final_learning_rate=0.02, rate_per_epoch=True)
    rates = [batch.learning_rate for number in (1, 2, 3) for batch in epoch(recipe, number=number)]
    cosine = [0.02 + 0.04 * (1 + math.cos(math.pi * done / 3)) for done in (0, 1, 2)]
    assert rates == pytest.approx([rate for rate in cosine for _ in range(3)])


def test_mixup_pairs_a_batch_with_a_permutation_of_itself_and_draws_a_beta_weight() -> None:
    recipe = dataclasses.replace(RECIPE, mixup=0.2, batch_size=2)
    batches = epoch(recipe, images=4000)
    assert all(sorted(batch.partner) == [0, 1] for batch in batches)
    weights = np.array([batch.mix_weight for batch in batches])
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights.mean() == pytest.approx(0.5, abs=0.04)
    assert weights.var() == pytest.approx(1 / (4 * (2 * 0.2 + 1)), abs=0.01)
    assert all(batch.mix_weight == 1.0 for batch in epoch())


def test_drop_path_keeps_the_expectation_and_draws_every_edge_and_image() -> None:
    [batch] = epoch(dataclasses.replace(RECIPE, drop_path=0.2, batch_size=500), images=500)
    assert batch.keep.shape == (3, 8, 500)
    assert set(np.unique(batch.keep)) == {np.float32(0.0), np.float32(1.25)}
    assert batch.keep.mean() == pytest.approx(1.0, abs=0.02)
    assert epoch()[0].keep is None


def test_cutout_centres_are_anywhere_in_the_image() -> None:
    batches = epoch(dataclasses.replace(RECIPE, cutout=4), images=2000)
    for field in ("cutout_rows", "cutout_columns"):
        assert set(joined(batches, field)) == set(range(8))
