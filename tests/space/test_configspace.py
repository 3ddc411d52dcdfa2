"""Genotypes as NAS-Bench-301's hyperparameters: exact both ways, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import GenotypeError
from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts import Edge, Genotype
from nasforge.space.darts.configspace import (
    PREFIX,
    config_from_genotype,
    genotype_from_config,
    is_architecture,
)

# The architecture of the one result file in the public repository automl/nasbench301.
NORMAL = {
    "edge_normal_0": "skip_connect",
    "edge_normal_1": "sep_conv_3x3",
    "inputs_node_normal_3": "0_1",
    "edge_normal_2": "sep_conv_3x3",
    "edge_normal_3": "skip_connect",
    "inputs_node_normal_4": "0_2",
    "edge_normal_5": "dil_conv_3x3",
    "edge_normal_7": "dil_conv_5x5",
    "inputs_node_normal_5": "1_2",
    "edge_normal_10": "sep_conv_3x3",
    "edge_normal_11": "skip_connect",
}
REDUCE = {
    "edge_reduce_0": "max_pool_3x3",
    "edge_reduce_1": "avg_pool_3x3",
    "inputs_node_reduce_3": "0_1",
    "edge_reduce_2": "skip_connect",
    "edge_reduce_3": "dil_conv_5x5",
    "inputs_node_reduce_4": "1_2",
    "edge_reduce_6": "sep_conv_3x3",
    "edge_reduce_7": "sep_conv_5x5",
    "inputs_node_reduce_5": "2_3",
    "edge_reduce_11": "sep_conv_3x3",
    "edge_reduce_12": "dil_conv_3x3",
}
CONFIG = NORMAL | REDUCE

NORMAL_CELL = (
    *(Edge("skip_connect", 0), Edge("sep_conv_3x3", 1)),
    *(Edge("sep_conv_3x3", 0), Edge("skip_connect", 1)),
    *(Edge("dil_conv_3x3", 0), Edge("dil_conv_5x5", 2)),
    *(Edge("sep_conv_3x3", 1), Edge("skip_connect", 2)),
)
REDUCE_CELL = (
    *(Edge("max_pool_3x3", 0), Edge("avg_pool_3x3", 1)),
    *(Edge("skip_connect", 0), Edge("dil_conv_5x5", 1)),
    *(Edge("sep_conv_3x3", 1), Edge("sep_conv_5x5", 2)),
    *(Edge("sep_conv_3x3", 2), Edge("dil_conv_3x3", 3)),
)
GENOTYPE = Genotype(NORMAL_CELL, REDUCE_CELL)


def test_the_published_architecture_is_read_edge_by_edge() -> None:
    assert genotype_from_config(CONFIG) == GENOTYPE
    shape = NetworkShape(cells=20, channels=50, image_size=32, classes=10, auxiliary_head=True)
    assert DARTS.params(GENOTYPE, shape) == 6_369_358  # as its file says


def test_the_published_architecture_is_written_as_it_was() -> None:
    assert config_from_genotype(GENOTYPE) == {PREFIX + name: CONFIG[name] for name in CONFIG}


@given(st.integers(0, 2**32))
def test_a_config_round_trips(seed: int) -> None:
    genotype = DARTS.sample(np.random.default_rng(seed))
    config = config_from_genotype(genotype)
    assert genotype_from_config(config) == genotype
    assert len(config) == 22
    assert all(map(is_architecture, config))
    shuffled = dict(reversed(config.items()))
    assert config_from_genotype(genotype_from_config(shuffled)) == config


def test_nodes_keep_their_order_and_the_lower_input_comes_first() -> None:
    """Nodes 3 and 4 could change places in the same network."""
    cell = [Edge("skip_connect", source) for source in (0, 1, 1, 0, 0, 1, 4, 3)]
    cell[2] = Edge("sep_conv_5x5", 1)
    read = genotype_from_config(config_from_genotype(Genotype(tuple(cell), tuple(cell))))
    assert [edge.input for edge in read.normal] == [0, 1, 0, 1, 0, 1, 3, 4]
    assert read.normal[3] == Edge("sep_conv_5x5", 1)
    assert DARTS.canonical(read) != read


def test_other_hyperparameters_and_inactive_edges_do_not_matter() -> None:
    others = {
        "OptimizerSelector:sgd:learning_rate": 0.025,
        PREFIX + "layers": 8,
        PREFIX + "edge_normal_13": "max_pool_3x3",
        PREFIX + "edge_reduce_13": None,
    }
    assert genotype_from_config(config_from_genotype(GENOTYPE) | others) == GENOTYPE
    assert not is_architecture(PREFIX + "layers")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("inputs_node_normal_3", "3_1", "edge_normal_5|input 3 is not an earlier node"),
        ("inputs_node_normal_4", None, "inputs_node_normal_4 is 'None', must be such as '0_1'"),
        ("inputs_node_reduce_5", "3_3", "both edges come from node 3"),
        ("inputs_node_reduce_3", "\u0660_1", "must be such as"),
        ("edge_normal_0", "none", "unknown operation 'none'"),
        ("edge_normal_0", ["sep_conv_3x3"], "unknown operation"),
    ],
)
def test_a_wrong_hyperparameter_is_named(key: str, value: object, message: str) -> None:
    config = config_from_genotype(GENOTYPE)
    config[PREFIX + key] = value
    with pytest.raises(GenotypeError, match=message):
        genotype_from_config(config)


def test_a_missing_edge_is_named() -> None:
    config = config_from_genotype(GENOTYPE)
    del config[PREFIX + "edge_reduce_1"]
    with pytest.raises(GenotypeError, match="edge_reduce_1 is missing"):
        genotype_from_config(config)
