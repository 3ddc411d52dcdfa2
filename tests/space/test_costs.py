"""Exact costs against the network that is trained."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts.genotype import OPERATIONS, Genotype
from nasforge.training.network import EvaluationNetwork

# Liu et al. 2019, cnn/genotypes.py of github.com/quark0/darts.
DARTS_V2 = DARTS.parse(
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)

vectors = st.tuples(*(st.integers(0, number - 1) for _, number in DARTS.variables))
shapes = st.builds(
    NetworkShape,
    cells=st.integers(3, 8),
    channels=st.sampled_from([2, 4, 6, 16]),
    image_size=st.sampled_from([8, 12, 16, 32]),
    classes=st.sampled_from([2, 10, 100]),
)


def counted(genotype: Genotype, shape: NetworkShape) -> tuple[int, int]:
    """Parameters and multiply-adds, counted while an image passes (on the meta device)."""
    macs = 0

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal macs
        if isinstance(module, nn.Conv2d):
            height, width = module.kernel_size
            macs += output.numel() * height * width * module.in_channels // module.groups
        else:
            macs += output.numel() * module.in_features

    with torch.device("meta"):
        network = EvaluationNetwork(genotype, shape).eval()
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(count)
        network(torch.empty(1, 3, shape.image_size, shape.image_size))
    return sum(parameter.numel() for parameter in network.parameters()), macs


def test_published_parameters_of_darts_v2() -> None:
    shape = NetworkShape(cells=20, channels=36, image_size=32, classes=10)
    assert DARTS.params(DARTS_V2, shape) == 3_349_342
    assert counted(DARTS_V2, shape) == (3_349_342, DARTS.macs(DARTS_V2, shape))


def test_parameters_that_nasbench301_recorded_for_a_published_configuration() -> None:
    # The configuration and its "model_parameters" are those of the one result file in the public
    # repository (automl/nasbench301, surrogate_models/test/results_fidelity_0/results_0.json).
    genotype = DARTS.parse(
        "normal:skip_connect@0+sep_conv_3x3@1/sep_conv_3x3@0+skip_connect@1"
        "/dil_conv_3x3@0+dil_conv_5x5@2/sep_conv_3x3@1+skip_connect@2"
        "-reduce:max_pool_3x3@0+avg_pool_3x3@1/skip_connect@0+dil_conv_5x5@1"
        "/sep_conv_3x3@1+sep_conv_5x5@2/sep_conv_3x3@2+dil_conv_3x3@3"
    )
    shape = NetworkShape(cells=20, channels=50, image_size=32, classes=10, auxiliary_head=True)
    assert DARTS.params(genotype, shape) == 6_369_358
    assert counted(genotype, shape)[0] == 6_369_358


@given(vectors, shapes)
@settings(max_examples=15)
def test_costs_are_those_of_the_network(vector: tuple[int, ...], shape: NetworkShape) -> None:
    genotype = DARTS.from_vector(vector)
    assert (DARTS.params(genotype, shape), DARTS.macs(genotype, shape)) == counted(genotype, shape)


@pytest.mark.parametrize("operation", range(len(OPERATIONS)))
def test_costs_of_every_operation(operation: int) -> None:
    genotype = DARTS.from_vector(([operation] * 8 + [1, 2, 3]) * 2)
    shape = NetworkShape(cells=6, channels=4, image_size=12, classes=3)
    assert (DARTS.params(genotype, shape), DARTS.macs(genotype, shape)) == counted(genotype, shape)


def test_the_same_network_costs_the_same() -> None:
    rng = np.random.default_rng(0)
    shape = NetworkShape(cells=8, channels=16, image_size=32, classes=10)
    for _ in range(50):
        genotype = DARTS.sample(rng)
        canonical = DARTS.canonical(genotype)
        assert DARTS.params(canonical, shape) == DARTS.params(genotype, shape)
        assert DARTS.macs(canonical, shape) == DARTS.macs(genotype, shape)


@pytest.mark.parametrize("number", [0, 1, 7, 8, 100])
def test_costs_of_many_are_those_of_each(number: int) -> None:
    rng = np.random.default_rng(number)
    shape = NetworkShape(cells=8, channels=16, image_size=32, classes=10)
    genotypes = [DARTS.sample(rng) for _ in range(number)]
    costs = DARTS.costs(genotypes, shape)
    assert (costs.dtype, costs.shape) == (np.int64, (number, 2))
    assert costs.tolist() == [[DARTS.params(g, shape), DARTS.macs(g, shape)] for g in genotypes]


def test_parameters_do_not_depend_on_the_image_and_macs_do() -> None:
    small, large = (NetworkShape(5, 8, size, 10) for size in (16, 32))
    assert DARTS.params(DARTS_V2, small) == DARTS.params(DARTS_V2, large)
    classifier = 16 * 8 * 10
    # All but the classifier is done per pixel.
    assert DARTS.macs(DARTS_V2, large) - classifier == 4 * (
        DARTS.macs(DARTS_V2, small) - classifier
    )
