"""The evaluation network."""

import pytest
import torch
from torch import Tensor, nn

from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts import OPERATIONS, Genotype
from nasforge.training.network import EvaluationNetwork, FactorizedReduce, make_operation


def uniform(operation: str) -> Genotype:
    """The same operation on every edge, inputs (0, 1), (1, 2), (0, 3) and (3, 4)."""
    return DARTS.from_vector(([OPERATIONS.index(operation)] * 8 + [2, 2, 9]) * 2)


def cell_outputs(network: EvaluationNetwork, images: Tensor) -> list[Tensor]:
    outputs: list[Tensor] = []
    for cell in network.cells:
        cell.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    network(images)
    return outputs


@pytest.mark.parametrize("size", [8, 12, 16, 32])
@pytest.mark.parametrize(
    ("cells", "sizes"),
    [(3, [1, 2, 4]), (4, [1, 2, 4, 4]), (5, [1, 2, 2, 4, 4]), (7, [1, 1, 2, 2, 4, 4, 4])],
)
def test_reduction_cells_halve_the_image_and_double_the_channels(
    genotype: Genotype, size: int, cells: int, sizes: list[int]
) -> None:
    network = EvaluationNetwork(genotype, NetworkShape(cells, 4, size, 5)).eval()
    images = torch.zeros(2, 3, size, size)
    outputs = cell_outputs(network, images)
    assert [tuple(output.shape) for output in outputs] == [
        (2, 4 * 4 * factor, size // factor, size // factor) for factor in sizes
    ]
    assert network(images).shape == (2, 5)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("size", [8, 12])
def test_every_operation_trains(operation: str, size: int) -> None:
    network = EvaluationNetwork(uniform(operation), NetworkShape(6, 2, size, 3))
    network(torch.randn(4, 3, size, size)).sum().backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("stride", [1, 2])
def test_an_operation_keeps_its_channels_and_divides_the_size(operation: str, stride: int) -> None:
    output = make_operation(operation, 4, stride)(torch.randn(2, 4, 8, 8))
    assert output.shape == (2, 4, 8 // stride, 8 // stride)


def test_normal_and_reduction_cells_have_their_own_edges() -> None:
    pooled, convolved = (uniform(name).normal for name in ("max_pool_3x3", "sep_conv_3x3"))
    network = EvaluationNetwork(Genotype(pooled, convolved), NetworkShape(6, 4, 8, 3))
    kinds = [type(cell.edges[0]) for cell in network.cells]
    assert kinds == [nn.Sequential if position in {2, 4} else nn.MaxPool2d for position in range(6)]


def test_only_edges_from_the_inputs_have_stride_2() -> None:
    network = EvaluationNetwork(uniform("max_pool_3x3"), NetworkShape(3, 4, 8, 3))
    assert [edge.stride for edge in network.cells[0].edges] == [1] * 8
    assert [edge.stride for edge in network.cells[1].edges] == [2, 2, 2, 1, 2, 1, 1, 1]


def test_nodes_add_their_two_edges_and_the_cell_concatenates_them() -> None:
    network = EvaluationNetwork(uniform("skip_connect"), NetworkShape(3, 4, 8, 3)).eval()
    cell = network.cells[0]
    before_last, last = torch.randn(2, 2, 12, 8, 8)
    node0, node1 = cell.preprocess_0(before_last), cell.preprocess_1(last)
    node2 = node0 + node1
    node3 = node1 + node2
    node4 = node0 + node3
    node5 = node3 + node4
    expected = torch.cat([node2, node3, node4, node5], dim=1)
    torch.testing.assert_close(cell(before_last, last), expected)


def test_factorized_reduce_takes_the_pixels_of_both_diagonals() -> None:
    module = FactorizedReduce(1, 2).eval()
    for convolution in (module.even, module.odd):
        nn.init.ones_(convolution.weight)
    image = torch.arange(1.0, 17.0).view(1, 1, 4, 4)
    even, odd = module(image)[0] * (1 + module.norm.eps) ** 0.5
    torch.testing.assert_close(even, torch.tensor([[1.0, 3.0], [9.0, 11.0]]))
    torch.testing.assert_close(odd, torch.tensor([[6.0, 8.0], [14.0, 16.0]]))


def test_factorized_reduce_begins_with_a_relu() -> None:
    module = FactorizedReduce(2, 2).eval()
    image = torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(module(image), module(image.relu()))
    assert not torch.allclose(module(image), module(-image))


def test_separable_convolutions_are_applied_twice_and_dilated_ones_once() -> None:
    depthwise = {
        name: [
            (m.kernel_size[0], m.stride[0], m.dilation[0])
            for m in make_operation(name, 4, stride=2)
            if isinstance(m, nn.Conv2d) and m.groups == 4
        ]
        for name in OPERATIONS
        if "conv" in name
    }
    assert depthwise == {
        "sep_conv_3x3": [(3, 2, 1), (3, 1, 1)],
        "sep_conv_5x5": [(5, 2, 1), (5, 1, 1)],
        "dil_conv_3x3": [(3, 2, 2)],
        "dil_conv_5x5": [(5, 2, 2)],
    }


def test_average_pooling_does_not_count_the_padding() -> None:
    output = make_operation("avg_pool_3x3", 1, stride=1)(torch.ones(1, 1, 4, 4))
    torch.testing.assert_close(output, torch.ones(1, 1, 4, 4))


def test_batch_norms_are_affine_and_convolutions_have_no_bias(genotype: Genotype) -> None:
    network = EvaluationNetwork(genotype, NetworkShape(6, 4, 8, 3))
    assert all(m.affine for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    assert all(m.bias is None for m in network.modules() if isinstance(m, nn.Conv2d))
    assert network.classifier.bias is not None


def test_a_relabelled_genotype_is_the_same_function() -> None:
    # Nodes 2 and 3 of the normal cell change places; so do their parameters and their channels.
    plain = "/".join(["skip_connect@0+skip_connect@1"] * 4)
    one, other = (
        DARTS.parse(f"normal:{normal}-reduce:{plain}")
        for normal in (
            "sep_conv_3x3@0+skip_connect@1/max_pool_3x3@0+dil_conv_5x5@1/"
            "skip_connect@2+max_pool_3x3@3/avg_pool_3x3@2+skip_connect@1",
            "max_pool_3x3@0+dil_conv_5x5@1/sep_conv_3x3@0+skip_connect@1/"
            "skip_connect@3+max_pool_3x3@2/avg_pool_3x3@3+skip_connect@1",
        )
    )
    assert DARTS.architecture_id(one) == DARTS.architecture_id(other)
    shape = NetworkShape(3, 4, 8, 3)
    cell, twin = (EvaluationNetwork(g, shape).eval().cells[0] for g in (one, other))
    twin.preprocess_0.load_state_dict(cell.preprocess_0.state_dict())
    twin.preprocess_1.load_state_dict(cell.preprocess_1.state_dict())
    for original, position in enumerate((2, 3, 0, 1, 4, 5, 6, 7)):
        twin.edges[position].load_state_dict(cell.edges[original].state_dict())
    before_last, last = torch.randn(2, 2, 12, 8, 8)
    node2, node3, node4, node5 = cell(before_last, last).chunk(4, dim=1)
    torch.testing.assert_close(
        twin(before_last, last), torch.cat([node3, node2, node4, node5], dim=1)
    )
