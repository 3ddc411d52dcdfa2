"""A DARTS genotype: two cells of eight edges, checked when made, and its two text forms.

    >>> parse_genotype("normal:skip_connect@0+sep_conv_3x3@1/...-reduce:...")

In our own text form an edge is `operation@input`, `+` joins a node's two edges, `/` the four
intermediate nodes, and `-reduce:` the cells. The namedtuple text that DARTS code bases print is
read as well, by a parser that evaluates nothing.
"""

import ast
import difflib
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import NamedTuple

from nasforge.errors import GenotypeError

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The operations, in the order of DARTS's PRIMITIVES without "none"; a position is an index."""

OPERATION_INDEX = {operation: index for index, operation in enumerate(OPERATIONS)}

INPUT_NODES = 2
"""Nodes 0 and 1 of a cell are the outputs of the two cells before it."""

INTERMEDIATE_NODES = 4
"""Nodes 2 to 5; the cell's output is their concatenation."""

MAX_TEXT_LENGTH = 4096
"""Far longer than any genotype; keeps a hostile text away from the parser."""


class Edge(NamedTuple):
    """One edge of a cell: `operation` is applied to node `input`."""

    operation: str
    input: int


Cell = tuple[Edge, ...]
"""Edges in node order, two per intermediate node: edges 2i and 2i + 1 end in node 2 + i."""

ALL_EDGES = tuple(
    Edge(operation, source)
    for operation in OPERATIONS
    for source in range(INPUT_NODES + INTERMEDIATE_NODES - 1)
)
"""Every edge there can be. A position is the edge's code, which fits into a byte."""

_CODES = {edge: code for code, edge in enumerate(ALL_EDGES)}
_TEXTS = tuple(f"{operation}@{source}" for operation, source in ALL_EDGES)
_CODES_BY_TEXT = {text: code for code, text in enumerate(_TEXTS)}

INPUTS = bytes(edge.input for edge in ALL_EDGES).ljust(256, b"\xff")
"""Translates codes to inputs."""

_INPUTS_OF_CELLS = frozenset(
    bytes(source for pair in pairs for source in pair)
    for pairs in product(
        *(permutations(range(INPUT_NODES + node), 2) for node in range(INTERMEDIATE_NODES))
    )
)
"""The inputs that a cell's edges may have."""


@dataclass(frozen=True, slots=True)
class Genotype:
    """One architecture, in the order it was given.

    Attributes:
        normal: The eight edges of the normal cell.
        reduce: The eight edges of the reduction cell.
        codes: The codes of all edges, normal cell first; follows from the cells.

    Raises:
        GenotypeError: An operation is unknown, or a node's inputs are not two different
            earlier nodes.
    """

    normal: Cell
    reduce: Cell
    codes: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        normal = _cell_codes(self.normal, "normal")
        reduce = _cell_codes(self.reduce, "reduce")
        object.__setattr__(self, "normal", tuple([ALL_EDGES[code] for code in normal]))
        object.__setattr__(self, "reduce", tuple([ALL_EDGES[code] for code in reduce]))
        object.__setattr__(self, "codes", normal + reduce)

    def __str__(self) -> str:
        return format_genotype(self)

    def _repr_svg_(self) -> str:
        """The picture that notebooks show."""
        from nasforge.space.darts.drawing import draw  # it needs this class

        return draw(self)


def genotype_from_codes(codes: bytes) -> Genotype:
    """The genotype of codes that are known to be right: without a check."""
    edges = [ALL_EDGES[code] for code in codes]
    genotype = object.__new__(Genotype)
    object.__setattr__(genotype, "normal", tuple(edges[: 2 * INTERMEDIATE_NODES]))
    object.__setattr__(genotype, "reduce", tuple(edges[2 * INTERMEDIATE_NODES :]))
    object.__setattr__(genotype, "codes", codes)
    return genotype


def _cell_codes(cell: Cell, kind: str) -> bytes:
    """Codes of a cell's edges; a cell that is not right as it stands is looked at closely."""
    try:
        codes = bytes([_CODES[edge] for edge in cell])
        # True is found as 1 is, but is no input.
        if codes.translate(INPUTS) in _INPUTS_OF_CELLS and {type(e[1]) for e in cell} == {int}:
            return codes
    except (KeyError, TypeError):
        pass
    try:
        edges = tuple(Edge(*edge) for edge in cell)
    except TypeError:
        raise GenotypeError(f"{kind} cell: must be (operation, input) pairs") from None
    check_cell(edges, kind, INTERMEDIATE_NODES)
    return bytes([_CODES[edge] for edge in edges])


def check_cell(cell: Cell, kind: str, nodes: int) -> None:
    """Raise GenotypeError unless `cell` is a cell with that many intermediate nodes."""
    if len(cell) != 2 * nodes:
        raise GenotypeError(f"{kind} cell: {len(cell)} edges, must be {2 * nodes}, two per node")
    for position, (operation, source) in enumerate(cell):
        node = INPUT_NODES + position // 2
        if not isinstance(operation, str) or operation not in OPERATION_INDEX:
            raise GenotypeError(f"{kind} cell, node {node}: {_unknown_operation(operation)}")
        if not isinstance(source, int) or isinstance(source, bool) or not 0 <= source < node:
            raise GenotypeError(
                f"{kind} cell, node {node}: input {source!r} is not an earlier node "
                f"(0 to {node - 1})"
            )
    for i in range(nodes):
        if cell[2 * i].input == cell[2 * i + 1].input:
            raise GenotypeError(
                f"{kind} cell, node {INPUT_NODES + i}: both edges come from node "
                f"{cell[2 * i].input}, they must come from two different nodes"
            )


def format_genotype(genotype: Genotype) -> str:
    """Our one-line text form."""
    return format_codes(genotype.codes)


def format_codes(codes: bytes) -> str:
    """The text form of a genotype given as codes."""
    edges = [_TEXTS[code] for code in codes]
    nodes = [f"{a}+{b}" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    normal, reduce = nodes[:INTERMEDIATE_NODES], nodes[INTERMEDIATE_NODES:]
    return f"normal:{'/'.join(normal)}-reduce:{'/'.join(reduce)}"


def parse_genotype(text: str) -> Genotype:
    """Read our text form or DARTS's namedtuple form.

    Raises:
        GenotypeError: The text is neither, or describes no architecture of the space.
    """
    if not isinstance(text, str):
        raise GenotypeError(f"a genotype's text must be a string, not {type(text).__name__}")
    text = text.strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise GenotypeError(f"a genotype of {len(text)} characters is longer than any can be")
    if text.startswith("Genotype("):
        return _parse_namedtuple(text)
    if genotype := _parse_plain(text):
        return genotype
    if not text.startswith("normal:") or text.count("-reduce:") != 1:
        raise GenotypeError(
            f"{text[:60]!r} is no genotype; expected 'normal:...-reduce:...' (edges as "
            "operation@input, + within a node, / between nodes) or 'Genotype(normal=[...], ...)'"
        )
    normal, reduce = text.removeprefix("normal:").split("-reduce:")
    return Genotype(_parse_cell(normal, "normal"), _parse_cell(reduce, "reduce"))


def _parse_plain(text: str) -> Genotype | None:
    """Read our text form fast; None if it is not right in every letter, to find out why."""
    edges = text.removeprefix("normal:").replace("-reduce:", "+").replace("/", "+").split("+")
    try:
        codes = bytes([_CODES_BY_TEXT[edge] for edge in edges])
    except KeyError:
        return None
    inputs = codes.translate(INPUTS)
    half = 2 * INTERMEDIATE_NODES
    right = inputs[:half] in _INPUTS_OF_CELLS and inputs[half:] in _INPUTS_OF_CELLS
    return genotype_from_codes(codes) if right and format_codes(codes) == text else None


def _parse_cell(text: str, kind: str) -> Cell:
    nodes = text.split("/")
    if len(nodes) != INTERMEDIATE_NODES:
        raise GenotypeError(
            f"{kind} cell: {len(nodes)} nodes separated by '/', must be {INTERMEDIATE_NODES}"
        )
    edges = []
    for node, part in enumerate(nodes, start=INPUT_NODES):
        pair = part.split("+")
        if len(pair) != 2:
            raise GenotypeError(
                f"{kind} cell, node {node}: {part!r} must be two edges joined by '+'"
            )
        edges += [_parse_edge(edge, kind, node) for edge in pair]
    return tuple(edges)


def _parse_edge(text: str, kind: str, node: int) -> Edge:
    operation, at, source = text.partition("@")
    if not at or len(source) != 1 or source not in "0123456789":
        raise GenotypeError(f"{kind} cell, node {node}: {text!r} must be operation@input")
    return Edge(operation, int(source))


def _unknown_operation(operation: object) -> str:
    close = difflib.get_close_matches(str(operation), OPERATIONS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(OPERATIONS)}"
    return f"unknown operation {str(operation)[:40]!r}; {hint}"


def _parse_namedtuple(text: str) -> Genotype:
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise GenotypeError(f"{text[:60]!r} is not readable as Genotype(...): {error}") from None
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Name)
        or call.args
        or call.func.id != "Genotype"
    ):
        raise GenotypeError(f"{text[:60]!r}: expected one Genotype(...) with keyword arguments")
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    names = ("normal", "normal_concat", "reduce", "reduce_concat")
    given = [str(keyword.arg) for keyword in call.keywords]
    if sorted(given) != sorted(names):
        found = ", ".join(given) or "nothing"
        raise GenotypeError(f"Genotype(...): has {found}; must have {', '.join(names)}")
    for kind in ("normal", "reduce"):
        _check_concat(values[f"{kind}_concat"], kind)
    return Genotype(_cell_of(values["normal"], "normal"), _cell_of(values["reduce"], "reduce"))


def _check_concat(node: ast.expr, kind: str) -> None:
    """Only the concatenation of all intermediate nodes is in the space."""
    expected = list(range(INPUT_NODES, INPUT_NODES + INTERMEDIATE_NODES))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "range"
        and not node.keywords
    ):
        bounds = [_literal(argument) for argument in node.args]
        given = bounds == [expected[0], expected[-1] + 1]
    else:
        given = _literal(node) in (expected, tuple(expected))
    if not given:
        raise GenotypeError(
            f"Genotype(...): {kind}_concat must be range({expected[0]}, {expected[-1] + 1})"
        )


def _cell_of(node: ast.expr, kind: str) -> Cell:
    edges = _literal(node)
    if not isinstance(edges, list | tuple) or not all(
        isinstance(edge, list | tuple) and len(edge) == 2 for edge in edges
    ):
        raise GenotypeError(f"Genotype(...): {kind} must be a list of (operation, input) pairs")
    return tuple(Edge(*edge) for edge in edges)


def _literal(node: ast.expr) -> object:
    """The value of a string, node number, list or tuple; None for anything else."""
    if isinstance(node, ast.Constant):
        value = node.value
        small = type(value) is int and value < 100  # a longer one would not even print
        return value if small or isinstance(value, str) else None
    if isinstance(node, ast.List | ast.Tuple):
        values = [_literal(element) for element in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    return None
