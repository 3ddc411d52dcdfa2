"""NASLib's compact tuples, both ways.

    >>> genotype_from_compact(compact_from_genotype(genotype)) == genotype

`((normal), (reduce))`, each eight pairs (input, operation) in the order of a genotype's edges; an
operation is its position in `OPERATIONS`. BANANAS wrote architectures so as well. NASLib's other
forms need nothing new: its Genotype is DARTS's namedtuple and its config NAS-Bench-301's
(`nasforge.interop.nasbench301`).
"""

import operator
from collections.abc import Sequence

from nasforge.errors import GenotypeError
from nasforge.space.darts import OPERATIONS, Edge, Genotype
from nasforge.space.darts.genotype import OPERATION_INDEX, Cell

CompactCell = tuple[tuple[int, int], ...]
Compact = tuple[CompactCell, CompactCell]


def compact_from_genotype(genotype: Genotype) -> Compact:
    """The compact tuple of a genotype, edges in the given order."""
    return tuple(
        tuple((source, OPERATION_INDEX[operation]) for operation, source in cell)
        for cell in (genotype.normal, genotype.reduce)
    )


def genotype_from_compact(compact: Sequence[Sequence[Sequence[int]]]) -> Genotype:
    """The genotype of a compact tuple (or of lists), edges in the given order.

    Raises:
        GenotypeError: It is no pair of cells, or no architecture of the space.
    """
    if not isinstance(compact, Sequence) or isinstance(compact, str) or len(compact) != 2:
        raise GenotypeError("a compact tuple must be two cells: ((normal), (reduce))")
    return Genotype(_cell(compact[0], "normal"), _cell(compact[1], "reduce"))


def _cell(cell: Sequence[Sequence[int]], kind: str) -> Cell:
    try:
        pairs = [(operator.index(source), operator.index(number)) for source, number in cell]
    except (TypeError, ValueError):
        raise GenotypeError(f"{kind} cell: must be pairs of integers (input, operation)") from None
    for _, number in pairs:
        if not 0 <= number < len(OPERATIONS):
            raise GenotypeError(
                f"{kind} cell: operation {number} is out of range 0 to {len(OPERATIONS) - 1} "
                f"({', '.join(OPERATIONS)})"
            )
    return tuple(Edge(OPERATIONS[number], source) for source, number in pairs)
