"""A wrong question is answered with the right one."""

from pathlib import Path

import numpy as np
import pytest

import nasforge
from nasforge.errors import GenotypeError, NasforgeError
from nasforge.space import DARTS

GENOTYPE = DARTS.sample(np.random.default_rng(0))


@pytest.mark.parametrize("several", [[GENOTYPE], [str(GENOTYPE)] * 2, np.zeros((2, 22))])
def test_several_architectures_are_for_query_many(tiny_benchmark: Path, several: object) -> None:
    with pytest.raises(GenotypeError, match="use query_many for several"):
        nasforge.load(tiny_benchmark).query(several)


def test_one_text_is_for_query(tiny_benchmark: Path) -> None:
    with pytest.raises(GenotypeError, match="use query for one"):
        nasforge.load(tiny_benchmark).query_many(str(GENOTYPE))


def test_one_target_is_a_list_of_one(tiny_benchmark: Path) -> None:
    message = r"a list of names, such as \['val_accuracy'\]"
    with pytest.raises(NasforgeError, match=message):
        nasforge.load(tiny_benchmark).query_many([GENOTYPE], targets="val_accuracy")


def test_an_operation_that_is_nearly_right_is_told(tiny_benchmark: Path) -> None:
    text = str(GENOTYPE).replace("sep_conv_5x5", "sep_conv5x5", 1)
    with pytest.raises(GenotypeError, match="'sep_conv5x5'; did you mean 'sep_conv_5x5'"):
        nasforge.load(tiny_benchmark).query(text)
