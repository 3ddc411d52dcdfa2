"""The canonical form against brute force and against theory."""

from fractions import Fraction
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from relabelling import Nodes, cell_of, nodes_of, relabelled, relabellings, same_networks

from nasforge.space import DARTS
from nasforge.space.darts.canonical import canonical_cell
from nasforge.space.darts.genotype import OPERATIONS, Cell, Edge, Genotype

vectors = st.tuples(*(st.integers(0, number - 1) for _, number in DARTS.variables))


def all_topologies(nodes: int) -> list[tuple[tuple[int, int], ...]]:
    """Every choice of two different earlier nodes per node."""
    return list(product(*(combinations(range(2 + node), 2) for node in range(nodes))))


def all_cells(nodes: int, operations: tuple[str, ...]) -> list[Cell]:
    return [
        tuple(map(Edge, chosen, [source for pair in topology for source in pair]))
        for topology in all_topologies(nodes)
        for chosen in product(operations, repeat=2 * nodes)
    ]


@given(vectors)
def test_every_relabelling_and_edge_swap_has_the_same_id(vector: tuple[int, ...]) -> None:
    genotype = DARTS.from_vector(vector)
    architecture_id = DARTS.architecture_id(genotype)
    canonical = DARTS.canonical(genotype)
    for same in same_networks(genotype, np.random.default_rng(sum(vector))):
        assert DARTS.canonical(same) == canonical
        assert DARTS.architecture_id(same) == architecture_id


@given(vectors)
def test_canonical_form_is_a_relabelling_hence_the_same_network(vector: tuple[int, ...]) -> None:
    genotype = DARTS.from_vector(vector)
    canonical = DARTS.canonical(genotype)
    assert nodes_of(canonical.normal) in relabellings(nodes_of(genotype.normal))
    assert nodes_of(canonical.reduce) in relabellings(nodes_of(genotype.reduce))


@given(vectors)
def test_canonical_form_is_idempotent(vector: tuple[int, ...]) -> None:
    canonical = DARTS.canonical(DARTS.from_vector(vector))
    assert DARTS.canonical(canonical) == canonical


@given(vectors)
def test_canonical_form_is_the_smallest_inputs_then_the_smallest_operations(
    vector: tuple[int, ...],
) -> None:
    cell = DARTS.from_vector(vector).normal

    def key(nodes: Nodes) -> tuple[list[int], list[int]]:
        edges = [edge for pair in nodes for edge in pair]
        return [source for source, _ in edges], [OPERATIONS.index(name) for _, name in edges]

    smallest = min(relabellings(nodes_of(cell)), key=key)
    assert canonical_cell(cell) == cell_of(smallest)


def test_normal_and_reduction_cells_are_kept_apart() -> None:
    one = DARTS.sample(np.random.default_rng(0))
    assert DARTS.canonical(one).normal != DARTS.canonical(one).reduce
    swapped = Genotype(one.reduce, one.normal)
    assert DARTS.architecture_id(swapped) != DARTS.architecture_id(one)


def test_the_two_inputs_of_a_cell_are_kept_apart() -> None:
    cell = tuple(map(Edge, ("sep_conv_3x3", "skip_connect") * 4, (0, 1) * 4))
    mirrored = tuple(Edge(operation, 1 - source) for operation, source in cell)
    assert DARTS.architecture_id(Genotype(cell, cell)) != DARTS.architecture_id(
        Genotype(mirrored, cell)
    )


def test_architecture_id_is_pinned() -> None:
    cell = tuple(map(Edge, (*OPERATIONS, "skip_connect"), (1, 0, 0, 2, 3, 1, 4, 2)))
    assert DARTS.architecture_id(Genotype(cell, cell)) == "d6ca8bd6d2aa2fb2"


@pytest.mark.parametrize(
    ("nodes", "operations", "raw", "classes"),
    [(2, 7, 7_203, 6_027), (3, 3, 13_122, 7_914), (4, 1, 180, 79)],
)
def test_golden_counts_by_brute_force(nodes: int, operations: int, raw: int, classes: int) -> None:
    cells = all_cells(nodes, OPERATIONS[:operations])
    assert len(cells) == raw
    assert len({canonical_cell(cell) for cell in cells}) == classes


def test_classes_are_exactly_those_of_graph_isomorphism() -> None:
    # Union-find over all relabellings of the 13,122 cells of 3 nodes and 3 operations.
    parent = {nodes_of(cell): nodes_of(cell) for cell in all_cells(3, OPERATIONS[:3])}

    def root(nodes: Nodes) -> Nodes:
        while parent[nodes] != nodes:
            nodes = parent[nodes] = parent[parent[nodes]]
        return nodes

    for nodes in list(parent):
        for other in relabellings(nodes):
            parent[root(other)] = root(nodes)
    pairs = {(root(nodes), canonical_cell(cell_of(nodes))) for nodes in parent}
    assert len(pairs) == 7_914
    assert len({by_isomorphism for by_isomorphism, _ in pairs}) == 7_914
    assert len({by_canonical_form for _, by_canonical_form in pairs}) == 7_914


def test_burnside_count_of_four_nodes_and_seven_operations() -> None:
    orbits: dict[Cell, list[Nodes]] = {}
    for topology in all_topologies(4):
        nodes = tuple(tuple((source, "skip_connect") for source in pair) for pair in topology)
        orbits.setdefault(canonical_cell(cell_of(nodes)), []).append(nodes)
    classes = Fraction(0)
    for orbit in orbits.values():
        nodes = orbit[0]
        automorphisms = [
            order for order in permutations(range(4)) if _sorted(relabelled(nodes, order)) == nodes
        ]
        # Orbit and stabilizer: the code's class has as many topologies as it must have.
        assert len(orbit) * len(automorphisms) == len(relabellings(nodes))
        fixed = sum(7 ** _edge_cycles(nodes, order) for order in automorphisms)
        classes += Fraction(fixed, len(automorphisms))
    assert sum(map(len, orbits.values())) * 7**8 == 1_037_664_180
    assert classes == 382_128_166


def _sorted(nodes: Nodes | None) -> Nodes | None:
    return nodes and tuple(tuple(sorted(pair)) for pair in nodes)


def _edge_cycles(nodes: Nodes, order: tuple[int, ...]) -> int:
    """Cycles of the permutation of edges (input, node) that an automorphism brings about."""
    new_name = {0: 0, 1: 1} | {2 + old: 2 + new for new, old in enumerate(order)}
    left = {(source, 2 + node) for node, pair in enumerate(nodes) for source, _ in pair}
    cycles = 0
    while left:
        cycles += 1
        edge = min(left)
        while edge in left:
            left.remove(edge)
            edge = (new_name[edge[0]], new_name[edge[1]])
    return cycles
