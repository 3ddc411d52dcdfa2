"""Encodings of genotypes as rows of numbers."""

import numpy as np
import pytest

from nasforge.space import DARTS
from nasforge.space.darts.genotype import Genotype

RNG = np.random.default_rng(0)
GENOTYPES = [DARTS.sample(RNG) for _ in range(50)]
SYMMETRIC = "normal:{0}@0+skip_connect@1/{1}@0+skip_connect@1/{2}/{2}-reduce:{3}"


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


@pytest.mark.parametrize("encoding", DARTS.encodings)
def test_the_same_network_has_the_same_features(encoding: str) -> None:
    a, b = "sep_conv_3x3", "dil_conv_5x5"
    rest = "skip_connect@0+skip_connect@1"
    cell = "/".join([rest] * 4)
    texts = [SYMMETRIC.format(*pair, rest, cell) for pair in ((a, b), (b, a))]
    one, other = map(DARTS.parse, texts)
    assert one != other
    swapped = Genotype(
        tuple(one.normal[i ^ 1] for i in range(8)), tuple(one.reduce[i ^ 1] for i in range(8))
    )
    rows = DARTS.encode([one, other, swapped], encoding)
    assert (rows == rows[0]).all()


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
