"""Path encoding, graph encoding and graph features against plain recursion."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nasforge.accelerator import numpy_alone
from nasforge.errors import GenotypeError
from nasforge.recipe import digest
from nasforge.space import DARTS
from nasforge.space.darts import OPERATIONS, Genotype
from nasforge.space.darts.arrays import to_array
from nasforge.space.darts.canonical import canonical_array, canonical_cell
from nasforge.space.darts.genotype import Cell, Edge
from nasforge.space.darts.graph_features import OPERATION_SETS, REFERENCE_SHAPE, TABLE
from nasforge.space.graph import graphs_from_rows

NEW = ("graph_features", "paths", "graph")


def sampled(seed: int) -> Genotype:
    return DARTS.sample(np.random.default_rng(seed))


def all_paths(cell: Cell, source: int) -> list[list[str]]:
    """Operations on every path from an input to the output, by recursion."""

    def to_node(node: int) -> list[list[str]]:
        if node == source:
            return [[]]
        if node < 2:
            return []
        edges = cell[2 * (node - 2) : 2 * (node - 2) + 2]
        return [[*path, edge.operation] for edge in edges for path in to_node(edge.input)]

    return [path for node in range(2, 6) for path in to_node(node)]


def relabelled(cell: Cell) -> Cell | None:
    """Nodes 4 and 5 exchanged and every node's edges swapped; None if 5 depends on 4."""
    nodes = [cell[2 * i : 2 * i + 2] for i in range(4)]
    if any(edge.input == 4 for edge in nodes[3]):
        return None
    nodes[2], nodes[3] = nodes[3], nodes[2]
    return tuple(Edge(*edge) for pair in nodes for edge in reversed(pair))


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_features_are_what_recursion_counts(seed: int) -> None:
    genotype = sampled(seed)
    names = DARTS.feature_names("graph_features")
    row = dict(zip(names, DARTS.encode([genotype], "graph_features")[0], strict=True))
    for kind, cell in (("normal", genotype.normal), ("reduce", genotype.reduce)):
        for name, operations in OPERATION_SETS.items():
            inside = [edge for edge in cell if edge.operation in operations]
            assert row[f"{kind}_{name}_edges"] == len(inside)
            for source in (0, 1):
                paths = all_paths(cell, source)
                pure = [path for path in paths if set(path) <= set(operations)]
                counts = [sum(o in operations for o in path) for path in paths]
                key = f"{kind}_{name}_{{}}_from{source}"
                from_source = [edge for edge in inside if edge.input == source]
                assert row[key.format("edges")] == len(from_source)
                assert row[key.format("paths")] == len(pure)
                assert row[key.format("longest")] == max(map(len, pure), default=0)
                assert row[key.format("most")] == max(counts, default=0)
    assert row["log_params"] == pytest.approx(np.log(DARTS.params(genotype, REFERENCE_SHAPE)))
    assert row["log_macs"] == pytest.approx(np.log(DARTS.macs(genotype, REFERENCE_SHAPE)))


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_the_path_encoding_holds_the_paths_that_recursion_finds(seed: int) -> None:
    genotype = sampled(seed)
    names = np.array(DARTS.feature_names("paths"))
    found = set(names[DARTS.encode([genotype], "paths")[0] == 1])
    expected = {
        f"{kind}_input{source}:{'+'.join(path)}"
        for kind, cell in (("normal", genotype.normal), ("reduce", genotype.reduce))
        for source in (0, 1)
        for path in all_paths(cell, source)
    }
    assert found == expected


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_the_graph_has_every_operation_on_its_own_edge(seed: int) -> None:
    canonical = DARTS.canonical(sampled(seed))
    graph = DARTS.graph(canonical)
    columns = (graph.sources, graph.targets, graph.operations)
    edges = set(zip(*(column.tolist() for column in columns), strict=True))
    expected = set()
    for first, cell in ((0, canonical.normal), (7, canonical.reduce)):
        for position, edge in enumerate(cell):
            operation = OPERATIONS.index(edge.operation) + first
            expected.add((first + edge.input, first + 2 + position // 2, operation))
        expected |= {(first + node, first + 6, 14) for node in range(2, 6)}
    assert edges == expected
    rows = DARTS.encode([canonical], "graph")
    for row, array in zip(graphs_from_rows(rows), (graph.sources, graph.targets), strict=False):
        np.testing.assert_array_equal(row[0], array)


@given(st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_encodings_do_not_depend_on_how_nodes_are_numbered(seed: int) -> None:
    genotype = sampled(seed)
    other = relabelled(genotype.normal)
    assume(other is not None)
    same = Genotype(other, genotype.reduce)
    assert DARTS.architecture_id(same) == DARTS.architecture_id(genotype)
    for encoding in NEW:
        rows = DARTS.encode([genotype, same], encoding)
        np.testing.assert_array_equal(rows[0], rows[1])


@pytest.mark.parametrize("encoding", NEW)
def test_columns_have_distinct_names(encoding: str) -> None:
    names = DARTS.feature_names(encoding)
    assert len(set(names)) == len(names) == DARTS.encode([sampled(0)], encoding).shape[1]
    assert DARTS.encode([], encoding).shape == (0, len(names))


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("graph_features", "eb4155792a51b55b"),
        ("paths", "68edf97fb516541d"),
        ("graph", "942e422f059c346d"),
    ],
)
def test_encodings_are_pinned(encoding: str, expected: str) -> None:
    rows = DARTS.encode([sampled(seed) for seed in range(20)], encoding)
    # Rounded, because the last bit of a logarithm may differ between machines.
    assert digest(np.round(rows.astype(float), 3).tolist()) == expected


def test_the_fast_canonical_forms_are_the_canonical_form() -> None:
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(3000)]
    swapped = [Genotype(g.normal, relabelled(g.reduce) or g.reduce) for g in genotypes]
    for group in (genotypes, swapped):
        expected = [Genotype(canonical_cell(g.normal), canonical_cell(g.reduce)) for g in group]
        np.testing.assert_array_equal(canonical_array(to_array(group)), to_array(expected))
        found = [DARTS.canonical(genotype) for genotype in group]
        assert found == expected
        assert [genotype.codes for genotype in found] == [g.codes for g in expected]


@pytest.mark.parametrize("encoding", DARTS.encodings)
def test_one_and_many_with_and_without_numba_are_encoded_alike(encoding: str) -> None:
    rng = np.random.default_rng(1)
    genotypes = [DARTS.sample(rng) for _ in range(300)]
    genotypes += [Genotype(relabelled(g.normal) or g.normal, g.reduce) for g in genotypes]
    rows = DARTS.encode(genotypes, encoding)
    np.testing.assert_array_equal(rows, np.vstack([DARTS.encode([g], encoding) for g in genotypes]))
    with numpy_alone():
        np.testing.assert_array_equal(rows, DARTS.encode(genotypes, encoding))


@pytest.mark.parametrize("encoding", DARTS.encodings)
@pytest.mark.parametrize("stranger", ["a text", None, ("skip_connect", 0)])
def test_only_genotypes_are_encoded(encoding: str, stranger: object) -> None:
    for group in ([stranger], [sampled(0)] * 20 + [stranger]):
        with pytest.raises(GenotypeError, match="is no genotype"):
            DARTS.encode(group, encoding)


def test_the_table_names_known_sets_only() -> None:
    masks = {sum(1 << OPERATIONS.index(o) for o in s) for s in OPERATION_SETS.values()}
    assert len(masks) == len(OPERATION_SETS)
    assert {feature.mask for feature in TABLE} <= masks | {0}
