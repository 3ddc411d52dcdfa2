"""Encodings of genotypes as rows of numbers."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relabelling import same_networks

from nasforge.accelerator import numpy_alone
from nasforge.space import DARTS

RNG = np.random.default_rng(0)
GENOTYPES = [DARTS.sample(RNG) for _ in range(50)]


def test_one_hot_marks_one_choice_of_each_variable() -> None:
    rows = DARTS.encode(GENOTYPES, "one_hot")
    assert rows.dtype == np.float32
    assert rows.shape == (50, 150)
    assert set(np.unique(rows)) == {0.0, 1.0}
    start = 0
    for _, number in DARTS.variables:
        assert (rows[:, start : start + number].sum(axis=1) == 1).all()
        start += number
    assert (rows.sum(axis=1) == 22).all()


def test_one_hot_columns_are_what_their_names_say() -> None:
    names = DARTS.feature_names("one_hot")
    assert len(set(names)) == len(names) == 150
    variables = [name for name, _ in DARTS.variables]
    for genotype, row in zip(GENOTYPES, DARTS.encode(GENOTYPES, "one_hot"), strict=True):
        choices = DARTS.to_vector(DARTS.canonical(genotype))
        marked = {name for name, value in zip(names, row, strict=True) if value}
        assert marked == {
            f"{name}={choice}" for name, choice in zip(variables, choices, strict=True)
        }


vectors = st.tuples(*(st.integers(0, number - 1) for _, number in DARTS.variables))


@pytest.mark.parametrize("encoding", DARTS.encodings)
@pytest.mark.parametrize("accelerator", [contextlib.nullcontext, numpy_alone])
@given(vector=vectors)
@settings(max_examples=40, deadline=None)
def test_the_same_network_has_the_same_features(
    encoding: str, accelerator: Callable[[], AbstractContextManager], vector: tuple[int, ...]
) -> None:
    genotype = DARTS.from_vector(vector)
    others = same_networks(genotype, np.random.default_rng(sum(vector)))
    with accelerator():
        one, rows = DARTS.encode([genotype], encoding), DARTS.encode(others, encoding)
        alone = DARTS.encode(others[-1:], encoding)
    assert (rows == one).all()
    assert (alone == one).all()


@pytest.mark.parametrize("encoding", DARTS.encodings)
def test_every_encoding_keeps_its_contract(encoding: str) -> None:
    rows = DARTS.encode(GENOTYPES, encoding)
    assert rows.dtype == np.float32
    assert rows.shape == (len(GENOTYPES), len(DARTS.feature_names(encoding)))
    assert np.isfinite(rows).all()
    assert len(np.unique(rows, axis=0)) == len(GENOTYPES)
    assert (DARTS.encode(GENOTYPES[7:8], encoding) == rows[7]).all()
    assert DARTS.encode([], encoding).shape == (0, rows.shape[1])


def test_unknown_encoding_names_the_allowed_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown encoding 'two_hot'; allowed: .*one_hot"):
        DARTS.encode(GENOTYPES, "two_hot")
    with pytest.raises(ValueError, match="unknown encoding 'two_hot'"):
        DARTS.feature_names("two_hot")
