"""`DARTS`: the search space object that ties the parts of this package together.

>>> from nasforge.space import DARTS
>>> DARTS.architecture_id(DARTS.sample(np.random.default_rng(0)))
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from nasforge.errors import GenotypeError
from nasforge.recipe import NetworkShape
from nasforge.space.darts import moves, vector
from nasforge.space.darts.arrays import array_from_codes, to_array
from nasforge.space.darts.canonical import canonical_array, canonical_codes, canonical_genotype
from nasforge.space.darts.costs import Costs, cost_array, network_costs
from nasforge.space.darts.distance import edit_distances
from nasforge.space.darts.encodings import ENCODINGS, Encoding
from nasforge.space.darts.genotype import (
    Genotype,
    format_codes,
    format_genotype,
    parse_genotype,
)
from nasforge.space.darts.graph import LAYOUT, graph_of
from nasforge.space.graph import Graph, GraphLayout

ONE_BY_ONE = 8
"""Fewer genotypes than this are worked on one by one: arrays are for many."""


class DartsSpace:
    """The DARTS space as a `SearchSpace`, with exact network costs besides."""

    name: ClassVar[str] = "darts"
    version: ClassVar[int] = 1
    variables: ClassVar[tuple[tuple[str, int], ...]] = vector.VARIABLES
    size: ClassVar[int] = math.prod(number for _, number in vector.VARIABLES)
    encodings: ClassVar[tuple[str, ...]] = tuple(ENCODINGS)
    graph_layout: ClassVar[GraphLayout] = LAYOUT

    def parse(self, text: str) -> Genotype:
        """Read `normal:...-reduce:...` or DARTS's `Genotype(...)`.

        Raises:
            GenotypeError: The text describes no architecture of the space.
        """
        return parse_genotype(text)

    def format(self, architecture: Genotype) -> str:
        """Our one-line text form, in the order the genotype was given."""
        return format_genotype(architecture)

    def canonical(self, architecture: Genotype) -> Genotype:
        """The representative of all genotypes that are the same network."""
        _check_type(architecture)
        return canonical_genotype(architecture)

    def architecture_id(self, architecture: Genotype) -> str:
        """16 hex digits of the SHA-256 of `darts|1|<canonical text>`."""
        _check_type(architecture)
        canonical = format_codes(canonical_codes(architecture.codes))
        text = f"{self.name}|{self.version}|{canonical}"
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

    def to_vector(self, architecture: Genotype) -> np.ndarray:
        """Choices as uint8 [22]; a node's lower input comes first."""
        _check_type(architecture)
        return vector.to_vector(architecture)

    def from_vector(self, vector_: Sequence[int] | np.ndarray) -> Genotype:
        """Inverse of `to_vector`.

        Raises:
            GenotypeError: The length is wrong or a choice is out of range.
        """
        return vector.from_vector(vector_)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw uniformly from the raw space, hence not uniformly from its networks."""
        return moves.sample(rng)

    def mutate(self, architecture: Genotype, rng: np.random.Generator) -> Genotype:
        """Change one operation or one input at random."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: Genotype) -> list[Genotype]:
        """All genotypes one change away, unique as networks, without the network itself."""
        seen = {self.canonical(architecture)}
        unique = []
        for neighbour in moves.neighbours(architecture):
            canonical = self.canonical(neighbour)
            if canonical not in seen:
                seen.add(canonical)
                unique.append(neighbour)
        return unique

    def edit_distances(
        self, architectures: Sequence[Genotype], others: Sequence[Genotype]
    ) -> np.ndarray:
        """Edits between each of some networks and each of others: int64 [n, m]."""
        return edit_distances(architectures, others)

    def encode(self, architectures: Sequence[Genotype], encoding: str) -> np.ndarray:
        """Features as float32 [n, d] of the canonical forms.

        Raises:
            ValueError: The encoding is unknown.
        """
        kind = _lookup(encoding)
        if kind.canonical and len(architectures) < ONE_BY_ONE:
            codes = map(canonical_codes, _codes(architectures))
            return kind.encode(array_from_codes(b"".join(codes)))
        array = self._array(architectures)
        return kind.encode(canonical_array(array) if kind.canonical else array)

    def feature_names(self, encoding: str) -> tuple[str, ...]:
        """Names of the columns of `encode`."""
        return _lookup(encoding).names

    def graph(self, architecture: Genotype) -> Graph:
        """The canonical form as a graph of both cells, operations on their own edges."""
        return graph_of(to_array([self.canonical(architecture)])[0])

    def params(self, architecture: Genotype, shape: NetworkShape) -> int:
        """Trainable parameters of the evaluation network."""
        return self._costs(architecture, shape).params

    def macs(self, architecture: Genotype, shape: NetworkShape) -> int:
        """Multiply-adds of one image's forward pass."""
        return self._costs(architecture, shape).macs

    def costs(self, architectures: Sequence[Genotype], shape: NetworkShape) -> np.ndarray:
        """`params` and `macs` of many: int64 [n, 2]."""
        if len(architectures) < ONE_BY_ONE:
            costs = [self._costs(architecture, shape) for architecture in architectures]
            return np.array(costs, dtype=np.int64).reshape(-1, 2)
        return cost_array(self._array(architectures), shape)

    def _costs(self, architecture: Genotype, shape: NetworkShape) -> Costs:
        _check_type(architecture)
        return network_costs(architecture, shape)

    def _array(self, architectures: Sequence[Genotype]) -> np.ndarray:
        return array_from_codes(b"".join(_codes(architectures)))


def _codes(architectures: Sequence[Genotype]) -> list[bytes]:
    """Codes of all edges of each."""
    try:
        return [architecture.codes for architecture in architectures]
    except AttributeError:
        for architecture in architectures:
            _check_type(architecture)
        raise


def _check_type(architecture: object) -> None:
    if isinstance(architecture, Genotype):
        return
    kind, hint = type(architecture).__name__, "use DARTS.parse(text) to read one"
    if hasattr(architecture, "normal_concat"):
        kind, hint = "DARTS namedtuple", "use DARTS.parse(str(genotype)) to read it"
    elif isinstance(architecture, Mapping):
        hint = "use nasforge.interop.nasbench301.genotype_from_config for hyperparameters"
    elif isinstance(architecture, tuple):
        hint = "use nasforge.interop.naslib.genotype_from_compact for a compact tuple"
    elif isinstance(architecture, np.ndarray | list):
        hint = "use DARTS.from_vector(choices) for a vector"
    raise GenotypeError(f"a {kind} is no genotype; {hint}")


def _lookup(encoding: str) -> Encoding:
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}; allowed: {', '.join(ENCODINGS)}")
    return ENCODINGS[encoding]


DARTS = DartsSpace()
