"""Splits: by architecture, by stratum, and by nothing else."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.surrogates.splits import fold_numbers
from nasforge.surrogates.splits import test_part as held_out_part

IDS = [f"{i:016x}" for i in range(200)]
STRATA = ["random"] * 120 + ["re_a"] * 70 + ["re_b"] * 10


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.integers(0, 9))
def test_the_test_part_is_a_fraction_of_every_stratum(strata: list[str], seed: int) -> None:
    chosen = held_out_part(IDS[: len(strata)], strata, 0.25, seed)
    held = Counter(np.asarray(strata)[chosen].tolist())
    for stratum, size in Counter(strata).items():
        assert held[stratum] == round(0.25 * size)


@given(st.permutations(range(30)), st.integers(0, 9))
def test_splits_do_not_depend_on_the_order(order: list[int], seed: int) -> None:
    ids, strata = IDS[100:130], STRATA[100:130]
    moved_ids, moved_strata = [ids[i] for i in order], [strata[i] for i in order]
    part = held_out_part(ids, strata, 0.3, seed)
    np.testing.assert_array_equal(
        held_out_part(moved_ids, moved_strata, 0.3, seed), part[list(order)]
    )
    folds = fold_numbers(ids, strata, 4, seed)
    np.testing.assert_array_equal(
        fold_numbers(moved_ids, moved_strata, 4, seed), folds[list(order)]
    )


def test_a_stratum_is_split_without_regard_to_the_others() -> None:
    both = held_out_part(IDS, STRATA, 0.2, 0)
    np.testing.assert_array_equal(held_out_part(IDS[:120], STRATA[:120], 0.2, 0), both[:120])


def test_a_larger_test_part_contains_the_smaller() -> None:
    small, large = (held_out_part(IDS, STRATA, fraction, 0) for fraction in (0.1, 0.3))
    assert (small <= large).all()
    assert small.sum() == 20
    assert large.sum() == 60


@pytest.mark.parametrize("folds", [2, 5, 7])
def test_folds_are_balanced_over_all_and_within_strata(folds: int) -> None:
    numbers = fold_numbers(IDS, STRATA, folds, 0)
    assert set(numbers) == set(range(folds))
    for members in (np.full(200, True), *(np.array(STRATA) == s for s in set(STRATA))):
        sizes = np.bincount(numbers[members], minlength=folds)
        assert np.ptp(sizes) <= 1


def test_many_small_strata_fill_the_folds_evenly() -> None:
    numbers = fold_numbers(IDS[:20], [f"sampler_{i}" for i in range(20)], 5, 0)
    assert np.bincount(numbers).tolist() == [4] * 5


def test_other_seeds_give_other_splits() -> None:
    parts = [held_out_part(IDS, STRATA, 0.2, seed) for seed in (0, 1)]
    folds = [fold_numbers(IDS, STRATA, 5, seed) for seed in (0, 1)]
    assert (parts[0] != parts[1]).any()
    # Two independent partitions into 5 agree on a fifth.
    assert 0.1 < (folds[0] == folds[1]).mean() < 0.3


def test_the_fold_says_nothing_of_the_test_part() -> None:
    part, folds = held_out_part(IDS, STRATA, 0.2, 0), fold_numbers(IDS, STRATA, 5, 0)
    assert set(folds[part]) == set(range(5))
