"""The DARTS evaluation network: the definition everything else is tested against.

    >>> network = EvaluationNetwork(genotype, NetworkShape(20, 36, 32, 10))
    >>> logits = network(images)             # float [n, 3, 32, 32] -> [n, 10]

Liu et al. 2019 (section 3.1, appendix A): a stem, cells with reductions at 1/3 and 2/3 of the
depth, a linear classifier on the pooled output. Separable convolutions are applied twice, pools
have no batch norm, all batch norms are affine.
"""

import torch
from torch import Tensor, nn

from nasforge.recipe import NetworkShape
from nasforge.space.darts.costs import AUXILIARY_CHANNELS, IMAGE_CHANNELS, STEM_MULTIPLIER
from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, Genotype


class EvaluationNetwork(nn.Module):
    """Stem, cells, classifier.

    Args:
        genotype: The two cells; the order of edges and nodes is that of the parameters.
        shape: Depth, width, image size and classes.
    """

    def __init__(self, genotype: Genotype, shape: NetworkShape) -> None:
        super().__init__()
        stem = STEM_MULTIPLIER * shape.channels
        self.stem = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem)
        )
        self.cells = nn.ModuleList()
        before_last, last, channels = stem, stem, shape.channels
        reduced_before = False
        for position in range(shape.cells):
            reduction = position in shape.reductions
            channels *= 2 if reduction else 1
            cell = Cell(genotype, before_last, last, channels, reduction, reduced_before)
            self.cells.append(cell)
            before_last, last = last, INTERMEDIATE_NODES * channels
            reduced_before = reduction
        # Behind the classifier, so that a network's other parameters do not depend on it.
        self.classifier = nn.Linear(last, shape.classes)
        self.auxiliary_position = max(shape.reductions)
        self.auxiliary = AuxiliaryHead(last, shape.classes) if shape.auxiliary_head else None

    def forward(self, images: Tensor) -> Tensor:
        """Logits [n, classes] of normalised images [n, 3, size, size]."""
        return self.training_logits(images, keep=None)[0]

    def training_logits(self, images: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Logits of the classifier and of the auxiliary head.

        Args:
            images: Normalised, [n, 3, size, size].
            keep: Drop-path factor of every edge and image, [cells, 8, n]: 0 for a dropped edge,
                1 / (1 - probability) for another; None without drop path.

        Returns:
            Both [n, classes]; None for a head that is not there or, in evaluation, not used.
        """
        auxiliary_logits = None
        before_last = last = self.stem(images)
        for position, cell in enumerate(self.cells):
            factors = None if keep is None else keep[position]
            before_last, last = last, cell(before_last, last, factors)
            if position == self.auxiliary_position and self.auxiliary and self.training:
                auxiliary_logits = self.auxiliary(last)
        return self.classifier(last.mean((2, 3))), auxiliary_logits


class AuxiliaryHead(nn.Module):
    """A second classifier for training, on maps of 8x8 (DARTS, for CIFAR)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        narrow, wide = AUXILIARY_CHANNELS
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False),
            nn.Conv2d(channels, narrow, 1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, wide, 2, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(wide, classes)

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, 8, 8] -> logits [n, classes]."""
        return self.classifier(self.features(x).flatten(1))


class Cell(nn.Module):
    """One cell: two inputs, four intermediate nodes that each add two edges, concatenated.

    Args:
        genotype: Its normal or reduce cell is built.
        before_last: Channels of input 0.
        last: Channels of input 1.
        channels: Channels of every node.
        reduction: Whether edges from the two inputs have stride 2.
        reduced_before: Whether the cell before was a reduction, so that input 0 is still twice
            as wide as input 1.
    """

    def __init__(
        self,
        genotype: Genotype,
        before_last: int,
        last: int,
        channels: int,
        reduction: bool,
        reduced_before: bool,
    ) -> None:
        super().__init__()
        self.preprocess_0 = (
            FactorizedReduce(before_last, channels)
            if reduced_before
            else _relu_convolution(before_last, channels)
        )
        self.preprocess_1 = _relu_convolution(last, channels)
        edges = genotype.reduce if reduction else genotype.normal
        self.sources = tuple(edge.input for edge in edges)
        self.edges = nn.ModuleList(
            make_operation(
                edge.operation, channels, 2 if reduction and edge.input < INPUT_NODES else 1
            )
            for edge in edges
        )

    def forward(self, before_last: Tensor, last: Tensor, keep: Tensor | None = None) -> Tensor:
        """The concatenation of the four intermediate nodes.

        Args:
            before_last: Output of the cell before the last.
            last: Output of the last cell.
            keep: Drop-path factors [8, n], or None.
        """
        nodes = [self.preprocess_0(before_last), self.preprocess_1(last)]
        for first in range(0, len(self.edges), 2):
            a, b = (self._edge(i, nodes, keep) for i in (first, first + 1))
            nodes.append(a + b)
        return torch.cat(nodes[INPUT_NODES:], dim=1)

    def _edge(self, position: int, nodes: list[Tensor], keep: Tensor | None) -> Tensor:
        operation = self.edges[position]
        x = operation(nodes[self.sources[position]])
        if keep is None or isinstance(operation, nn.Identity):
            return x
        return x * keep[position].to(x.dtype)[:, None, None, None]


class FactorizedReduce(nn.Module):
    """Halve the image by two 1x1 convolutions of stride 2, the second one pixel further on."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[n, inputs, s, s] -> [n, outputs, s / 2, s / 2]; s is even."""
        x = self.relu(x)
        return self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], dim=1))


def make_operation(operation: str, channels: int, stride: int) -> nn.Module:
    """The module of one edge, by its operation's name in `OPERATIONS`."""
    if operation == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    if operation == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    kernel = int(operation[-1])
    if operation.startswith("sep_conv"):
        return nn.Sequential(
            *_depthwise_separable(channels, kernel, stride, dilation=1),
            *_depthwise_separable(channels, kernel, stride=1, dilation=1),
        )
    return nn.Sequential(*_depthwise_separable(channels, kernel, stride, dilation=2))


def _relu_convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
    )


def _depthwise_separable(
    channels: int, kernel: int, stride: int, dilation: int
) -> tuple[nn.Module, ...]:
    padding = dilation * (kernel // 2)
    return (
        nn.ReLU(),
        nn.Conv2d(
            channels,
            channels,
            kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=channels,
            bias=False,
        ),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
    )
