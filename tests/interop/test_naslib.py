"""NASLib's compact tuples: exact both ways."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import GenotypeError
from nasforge.interop.naslib import compact_from_genotype, genotype_from_compact
from nasforge.space import DARTS
from nasforge.space.darts import Edge, Genotype

# Both read off naslib/search_spaces/nasbench301/conversions.py: pairs (input, operation), numbered
# max_pool, avg_pool, skip, sep_conv 3x3 and 5x5, dil_conv 3x3 and 5x5.
COMPACT = (
    ((1, 0), (0, 1), (0, 2), (2, 3), (1, 4), (3, 5), (0, 6), (4, 3)),
    ((0, 2), (1, 2)) * 4,
)
NORMAL = (
    *(Edge("max_pool_3x3", 1), Edge("avg_pool_3x3", 0)),
    *(Edge("skip_connect", 0), Edge("sep_conv_3x3", 2)),
    *(Edge("sep_conv_5x5", 1), Edge("dil_conv_3x3", 3)),
    *(Edge("dil_conv_5x5", 0), Edge("sep_conv_3x3", 4)),
)
REDUCE = (Edge("skip_connect", 0), Edge("skip_connect", 1)) * 4


def test_a_compact_tuple_keeps_its_order() -> None:
    assert genotype_from_compact(COMPACT) == Genotype(NORMAL, REDUCE)
    assert compact_from_genotype(Genotype(NORMAL, REDUCE)) == COMPACT


@given(st.integers(0, 2**32))
def test_compact_tuples_round_trip(seed: int) -> None:
    genotype = DARTS.sample(np.random.default_rng(seed))
    compact = compact_from_genotype(genotype)
    assert genotype_from_compact(compact) == genotype
    as_lists = [[list(pair) for pair in cell] for cell in compact]
    assert genotype_from_compact(as_lists) == genotype
    as_numpy = [[np.array(pair) for pair in cell] for cell in compact]
    assert genotype_from_compact(as_numpy) == genotype


@pytest.mark.parametrize(
    ("compact", "message"),
    [
        (COMPACT[:1], "must be two cells"),
        ("ab", "must be two cells"),
        (3, "must be two cells"),
        ((COMPACT[0], 3), "reduce cell: must be pairs of integers"),
        ((COMPACT[0], ((0, 1, 2),) * 8), "reduce cell: must be pairs of integers"),
        ((COMPACT[0], ((0, "skip_connect"),) * 8), "reduce cell: must be pairs of integers"),
        ((((0, 7), *COMPACT[0][1:]), COMPACT[1]), "operation 7 is out of range 0 to 6"),
        ((((0, -1), *COMPACT[0][1:]), COMPACT[1]), "operation -1 is out of range"),
        ((COMPACT[0][:6], COMPACT[1]), "normal cell: 6 edges, must be 8"),
        ((((0, 1), (0, 1), *COMPACT[0][2:]), COMPACT[1]), "both edges come from node 0"),
    ],
)
def test_what_is_no_compact_tuple_is_refused(compact: Any, message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        genotype_from_compact(compact)
