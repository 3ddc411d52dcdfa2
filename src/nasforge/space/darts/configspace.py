"""A genotype as NAS-Bench-301's dictionary of hyperparameters, both ways.

    >>> genotype_from_config(config_from_genotype(genotype)) == genotype

An architecture is the hyperparameters `edge_<cell>_<k>`, an operation by edge, and
`inputs_node_<cell>_<n>`, the two inputs of a node; an edge's number is that of its input, counted
from the first edge into its node. All their names start with `NetworkSelectorDatasetInfo:darts:`.
Such a dictionary knows no order of a node's two edges: the one with the lower input comes first,
so the identity above holds for genotypes written in that order, as sampled ones are.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nasforge.errors import GenotypeError
from nasforge.space.darts.genotype import Cell, Edge, Genotype

PREFIX = "NetworkSelectorDatasetInfo:darts:"

FIRST_EDGE = {2: 0, 3: 2, 4: 5, 5: 9}
"""Number of the first edge into each intermediate node."""

_ARCHITECTURE = re.compile(
    re.escape(PREFIX) + r"(edge_(normal|reduce)_\d+|inputs_node_(normal|reduce)_\d)"
)
_INPUTS = re.compile(r"[0-9]_[0-9]")


def is_architecture(name: str) -> bool:
    """Whether a hyperparameter, with its prefix, belongs to the architecture."""
    return _ARCHITECTURE.fullmatch(name) is not None


def genotype_from_config(config: Mapping[str, Any]) -> Genotype:
    """The architecture in a dictionary of hyperparameters.

    Args:
        config: Names with or without the prefix. Other hyperparameters, and edges that
            `inputs_node_...` does not name, are ignored: they do not change the network.

    Raises:
        GenotypeError: A hyperparameter is missing, or its value is none of the space's.
    """
    values = {str(name).removeprefix(PREFIX): value for name, value in config.items()}
    return Genotype(*(tuple(_edges(values, kind)) for kind in ("normal", "reduce")))


def config_from_genotype(genotype: Genotype) -> dict[str, str]:
    """The hyperparameters of an architecture, names with their prefix, nodes in the given order.

    Args:
        genotype: The architecture.

    Returns:
        16 operations and 6 pairs of inputs, and none of the hyperparameters of training.
    """
    return {
        f"{PREFIX}{name}": value
        for kind in ("normal", "reduce")
        for name, value in _hyperparameters(getattr(genotype, kind), kind)
    }


def _edges(values: Mapping[str, Any], kind: str) -> Iterator[Edge]:
    for node, first in FIRST_EDGE.items():
        name = f"inputs_node_{kind}_{node}"
        inputs = values.get(name, "0_1" if node == 2 else None)
        if not isinstance(inputs, str) or not _INPUTS.fullmatch(inputs):
            raise GenotypeError(f"{name} is {str(inputs)[:40]!r}, must be such as '0_1'")
        for source in (int(inputs[0]), int(inputs[2])):
            edge = f"edge_{kind}_{first + source}"
            if source < node and edge not in values:
                raise GenotypeError(f"{edge} is missing, but {name} is {inputs!r}")
            yield Edge(values.get(edge), source)


def _hyperparameters(cell: Cell, kind: str) -> Iterator[tuple[str, str]]:
    for node, first in FIRST_EDGE.items():
        pair = sorted(cell[2 * node - 4 : 2 * node - 2], key=lambda edge: edge.input)
        for operation, source in pair:
            yield f"edge_{kind}_{first + source}", operation
        if node > 2:  # node 2 has only the inputs 0 and 1
            yield f"inputs_node_{kind}_{node}", f"{pair[0].input}_{pair[1].input}"
