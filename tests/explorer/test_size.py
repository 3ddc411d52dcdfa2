"""Pages that are too large say why."""

import numpy as np
import pytest

from nasforge.explorer.size import LIMIT_BYTES, size_warning


@pytest.fixture(scope="module")
def content() -> dict:
    """Two parts of noise, which does not compress, and two that are small or not there."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, 1_500_000, dtype=np.uint8)
    return {
        "model": {"targets": noise, "curve": None, "support": {"nearest": noise[:100]}},
        "evaluated": {"vectors": noise[:900_000]},
        "runs": None,
    }


def test_the_largest_part_comes_first_and_small_ones_are_not_named(content: dict) -> None:
    assert size_warning(3_200_000, content, "gin", smaller="forest") == (
        "3.2 MB, more than 3 MB: 2.0 of surrogate gin, 1.2 of evaluations; "
        "--surrogate forest makes a smaller page"
    )


def test_another_surrogate_is_advised_only_if_there_is_one(content: dict) -> None:
    warning = size_warning(3_200_000, content, "gin", smaller="gin")
    assert warning is not None
    assert warning.endswith("1.2 of evaluations")


def test_a_page_of_the_limit_is_small_enough(content: dict) -> None:
    assert size_warning(LIMIT_BYTES, content, "gin", smaller="forest") is None
    assert size_warning(LIMIT_BYTES + 1, content, "gin", smaller="forest") is not None
