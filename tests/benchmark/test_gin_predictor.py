"""Graph networks as arrays: by hand, invariances, and the refusal of malformed arrays and rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.accelerator import kernels, numpy_alone
from nasforge.benchmark.predictors import gin, make_predictor
from nasforge.benchmark.predictors.gin import GinPredictor
from nasforge.benchmark.predictors.gin_messages import routes_of, sum_messages
from nasforge.errors import BenchmarkFormatError
from nasforge.space import DARTS
from nasforge.space.darts.graph import LAYOUT

Arrays = dict[str, np.ndarray]

# Node 0 of type 0 and node 1 of type 1; every size is 1.
SMALL = {
    "node_types": np.array([0, 1], np.int32),
    "node_embeddings": np.array([[[1.0], [2.0]]], np.float32),
    "operation_embeddings": np.array([[[[[0.5]], [[-0.25]]]]], np.float32),
    "self_weights": np.array([[2.0]], np.float32),
    "layer_weights": np.array([[[[[1.0]], [[2.0]]]]], np.float32),
    "layer_biases": np.array([[[[-4.0], [0.5]]]], np.float32),
    "readout_weights": np.array([[[[1.0]], [[10.0]]]], np.float32),
    "readout_biases": np.array([[-1.0]], np.float32),
    "output_weights": np.array([[2.0]]),
    "output_biases": np.array([3.0]),
}


def random_arrays(seed: int, members: int = 3, hidden: int = 8, layers: int = 2) -> Arrays:
    """A network for DARTS's graphs, with a type for every role in every cell."""
    rng = np.random.default_rng(seed)
    types, readout = 8, 5
    shapes = {
        "node_embeddings": (members, types, hidden),
        "operation_embeddings": (members, layers, 2, LAYOUT.operations, hidden),
        "self_weights": (members, layers),
        "layer_weights": (members, layers, 2, hidden, hidden),
        "layer_biases": (members, layers, 2, hidden),
        "readout_weights": (members, types, hidden, readout),
        "readout_biases": (members, readout),
        "output_weights": (members, readout),
        "output_biases": (members,),
    }
    doubles = ("output_weights", "output_biases")
    arrays = {
        name: rng.normal(scale=0.4, size=shape).astype("f8" if name in doubles else "f4")
        for name, shape in shapes.items()
    }
    return {"node_types": np.array(LAYOUT.node_types, np.int32), **arrays}


def random_rows(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return DARTS.encode([DARTS.sample(rng) for _ in range(n)], "graph")


def by_definition(arrays: Arrays, row: np.ndarray, member: int) -> float:
    """One answer, node by node and edge by edge, in float64."""
    a = {
        name: array[member].astype(float) for name, array in arrays.items() if name != "node_types"
    }
    types = arrays["node_types"]
    state = a["node_embeddings"][types]
    for layer, (along, against) in enumerate(a["operation_embeddings"]):
        total = a["self_weights"][layer] * state
        for source, target, operation in row.reshape(-1, 3).astype(int):
            if operation >= 0:
                total[target] += np.maximum(state[source] + along[operation], 0)
                total[source] += np.maximum(state[target] + against[operation], 0)
        (w1, w2), (b1, b2) = a["layer_weights"][layer], a["layer_biases"][layer]
        state = state + np.maximum(total @ w1 + b1, 0) @ w2 + b2
    value = a["readout_biases"].copy()
    for node, node_type in enumerate(types):
        value += state[node] @ a["readout_weights"][node_type]
    return float(np.maximum(value, 0) @ a["output_weights"] + a["output_biases"])


def test_a_network_computed_by_hand() -> None:
    # With the edge: messages 1.5 to node 1 and 1.75 to node 0; totals 3.75 and 5.5; behind W1
    # 0 and 1.5; changes 0.5 and 3.5; states 1.5 and 5.5; read out 1.5 + 55 - 1 = 55.5.
    # Without: totals 2 and 4; changes 0.5 and 0.5; states 1.5 and 2.5; read out 25.5.
    rows = np.array([[0, 1, 0], [0, 1, -1], [0, 0, -1]], np.float32)
    predictor = make_predictor("gin", SMALL)
    assert predictor.predict(rows).tolist() == [[114.0], [54.0], [54.0]]


def test_against_the_definition() -> None:
    arrays, rows = random_arrays(0), random_rows(5)
    rows[2, 5::12] = -1  # every fourth edge does not exist
    expected = [[by_definition(arrays, row, member) for member in range(3)] for row in rows]
    np.testing.assert_allclose(GinPredictor(**arrays).predict(rows), expected, atol=1e-5)
    with numpy_alone():
        np.testing.assert_allclose(GinPredictor(**arrays).predict(rows), expected, atol=1e-5)


def test_compiled_messages_are_the_references() -> None:
    compiled = kernels("nasforge.benchmark.predictors.gin_kernels")
    if compiled is None:
        pytest.skip("numba is not installed")
    predictor, rows = GinPredictor(**random_arrays(3)), random_rows(6)
    rows[2, 5::12] = -1
    edges = predictor._checked(rows.reshape(6, -1, 3))
    state = np.tile(predictor._start, (6, 1))
    tables = predictor._operations[1], predictor._self_weights[1]
    total = np.empty_like(state)
    compiled.sum_messages(state, edges, *tables, LAYOUT.nodes, total)
    kinds = predictor.operation_embeddings.shape[3]
    reference = sum_messages(state, routes_of(edges, LAYOUT.nodes, kinds), *tables)
    np.testing.assert_allclose(total, reference, rtol=1e-5, atol=1e-6)
    state[2, 1] = np.nan  # of a model made to harm: it must not vanish
    compiled.sum_messages(state, edges, *tables, LAYOUT.nodes, total)
    assert np.isnan(total[:14, 1]).sum() > 1
    assert not np.isnan(total[14:]).any()


def test_edges_that_do_not_exist_do_not_matter() -> None:
    predictor, rows = GinPredictor(**random_arrays(0)), random_rows(4)
    more = np.hstack([rows, np.tile(np.array([99, -7, -1, 0, 0, -1], np.float32), (4, 1))])
    np.testing.assert_allclose(predictor.predict(more), predictor.predict(rows), rtol=1e-6)


def test_the_order_of_edges_does_not_matter() -> None:
    predictor, rows = GinPredictor(**random_arrays(0)), random_rows(4)
    shuffled = np.random.default_rng(1).permutation(rows.reshape(4, -1, 3), axis=1)
    np.testing.assert_allclose(
        predictor.predict(shuffled.reshape(4, -1)), predictor.predict(rows), rtol=1e-4
    )


def renumbered(rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The same graphs, with node i called new[i]."""
    edges = rows.reshape(len(rows), -1, 3).copy()
    edges[:, :, :2] = new[edges[:, :, :2].astype(int)]
    return edges.reshape(rows.shape)


def test_nodes_of_one_type_may_be_renumbered() -> None:
    predictor, rows = GinPredictor(**random_arrays(0)), random_rows(10)
    new = np.arange(14)
    new[[2, 3, 4, 5]], new[[9, 10, 11, 12]] = [4, 2, 5, 3], [12, 11, 10, 9]
    np.testing.assert_allclose(
        predictor.predict(renumbered(rows, new)), predictor.predict(rows), rtol=1e-4
    )


def test_nodes_may_be_renumbered_together_with_their_types() -> None:
    arrays, rows = random_arrays(0), random_rows(10)
    new = np.random.default_rng(5).permutation(14)
    types = np.empty(14, np.int32)
    types[new] = arrays["node_types"]
    np.testing.assert_allclose(
        GinPredictor(**{**arrays, "node_types": types}).predict(renumbered(rows, new)),
        GinPredictor(**arrays).predict(rows),
        rtol=1e-4,
    )


def test_every_edge_has_its_own_operation() -> None:
    # Swapping the operations of any two edges that no symmetry exchanges is another graph.
    genotype = DARTS.parse(
        "normal:max_pool_3x3@0+skip_connect@1/sep_conv_3x3@0+dil_conv_5x5@2/"
        "avg_pool_3x3@1+sep_conv_5x5@3/dil_conv_3x3@2+skip_connect@4-"
        "reduce:max_pool_3x3@0+skip_connect@1/sep_conv_3x3@0+dil_conv_5x5@2/"
        "avg_pool_3x3@1+sep_conv_5x5@3/dil_conv_3x3@2+max_pool_3x3@4"
    )
    predictor = GinPredictor(**random_arrays(0))
    row = DARTS.encode([genotype], "graph")
    before = predictor.predict(row)
    edges = row.reshape(-1, 3)
    for cell in (0, 12):
        for a in range(cell, cell + 8):
            for b in range(cell, a):
                if edges[a, 2] != edges[b, 2]:
                    swapped = edges.copy()
                    swapped[[a, b], 2] = swapped[[b, a], 2]
                    after = predictor.predict(swapped.reshape(1, -1))
                    assert (np.abs(after - before) > 1e-4).any(), (a, b)


def test_a_stack_answers_as_its_parts() -> None:
    rows = random_rows(20)
    parts = [GinPredictor(**random_arrays(seed, members=seed)) for seed in (1, 2, 3)]
    stack = GinPredictor.stack(parts)
    assert stack.members == 6
    np.testing.assert_allclose(
        stack.predict(rows), np.hstack([part.predict(rows) for part in parts]), rtol=1e-5
    )


def test_parts_that_do_not_fit_are_not_stacked() -> None:
    first = random_arrays(0)
    other_types = {**first, "node_types": first["node_types"][::-1].copy()}
    for second in (random_arrays(0, hidden=4), random_arrays(0, layers=1), other_types):
        with pytest.raises(BenchmarkFormatError, match="must have the same node types and sizes"):
            GinPredictor.stack([GinPredictor(**first), GinPredictor(**second)])


def test_chunks_answer_as_single_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, rows = GinPredictor(**random_arrays(0)), random_rows(23)
    one_by_one = np.vstack([predictor.predict(row[None]) for row in rows])
    for rows_per_chunk in (1, 5, 100):
        monkeypatch.setattr(gin, "CHUNK_BYTES", rows_per_chunk * predictor._bytes_per_row(24))
        np.testing.assert_allclose(predictor.predict(rows), one_by_one, atol=1e-5)


def test_no_rows_give_no_predictions() -> None:
    predictor = GinPredictor(**random_arrays(0))
    assert predictor.predict(np.empty((0, 72), np.float32)).shape == (0, 3)


def test_it_takes_triples_of_columns() -> None:
    predictor = GinPredictor(**random_arrays(0))
    assert predictor.features == 3
    assert [predictor.accepts(width) for width in (0, 3, 72, 73)] == [False, True, True, False]


@pytest.mark.parametrize(
    "edge",
    [
        (14, 6, 0),
        (0, 14, 0),
        (-1, 6, 0),
        (0, -1, 0),
        (0, 6, 15),
        (0, 6, -2),
        (0, 6, np.nan),
        (np.nan, 6, 0),
        (np.inf, 6, 0),
        (1e30, 6, 0),
    ],
)
def test_a_row_with_an_unknown_node_or_operation_is_refused(edge: tuple) -> None:
    rows = random_rows(3)
    rows[1, 6:9] = edge
    with pytest.raises(BenchmarkFormatError, match=r"nodes must be from 0 to 13 .* 0 to 14"):
        GinPredictor(**random_arrays(0)).predict(rows)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("change", ["dtype", "bytes", "scalar", "shorter", "axis", "empty"])
def test_an_array_of_the_wrong_type_or_shape_is_refused(name: str, change: str) -> None:
    arrays = random_arrays(0)
    good = arrays[name]
    bad = {
        "dtype": good.astype(np.int64),
        "bytes": good.astype(good.dtype.newbyteorder(">")),
        "scalar": np.array(good.flat[0]),
        "shorter": good[:-1],
        "axis": good[..., None],
        "empty": good[:0],
    }[change]
    # Of two arrays that do not fit together, either may be the one that is named.
    fewer_nodes = name == "node_types" and change == "shorter"
    names = "a graph's nodes" if fewer_nodes else r"^\w+: (shape|.* array)"
    with pytest.raises(BenchmarkFormatError, match=names):
        make_predictor("gin", {**arrays, name: bad}).predict(random_rows(1))


@pytest.mark.parametrize("name", [name for name in SMALL if name != "node_types"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_values_that_are_not_finite_are_refused(name: str, value: float) -> None:
    arrays = random_arrays(0)
    arrays[name].flat[-1] = value
    with pytest.raises(BenchmarkFormatError, match=f"{name}: holds nan or infinity"):
        make_predictor("gin", arrays)


@pytest.mark.parametrize("value", [-1, 8])
def test_unknown_node_types_are_refused(value: int) -> None:
    arrays = random_arrays(0)
    arrays["node_types"][3] = value
    with pytest.raises(BenchmarkFormatError, match="node_types: must be from 0 to 7"):
        make_predictor("gin", arrays)


def test_too_many_nodes_are_refused() -> None:
    arrays = {**SMALL, "node_types": np.zeros(gin.MAX_NODES + 1, np.int32)}
    with pytest.raises(BenchmarkFormatError, match="node_types: 1025 nodes, at most 1024"):
        make_predictor("gin", arrays)


@settings(deadline=None)
@given(st.data())
def test_whatever_passes_the_checks_answers_or_refuses_the_row(data: st.DataObject) -> None:
    arrays = random_arrays(0, members=2, hidden=2, layers=1)
    for name in data.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=3)):
        array = arrays[name]
        axis = data.draw(st.integers(0, array.ndim - 1))
        size = data.draw(st.integers(0, 3))
        if array.shape[axis]:
            arrays[name] = np.take(array, np.arange(size) % array.shape[axis], axis)
    arrays["node_types"] = arrays["node_types"] + np.int32(
        data.draw(st.sampled_from([0, 0, -1, 1]))
    )
    row = st.lists(st.sampled_from([-2, -1, 0, 1, 2, 13, 14, np.nan]), min_size=6, max_size=6)
    rows = np.array(data.draw(st.lists(row, min_size=1, max_size=3)), np.float32)
    try:
        answer = make_predictor("gin", arrays).predict(rows)
    except BenchmarkFormatError:
        return
    assert answer.shape == (len(rows), len(arrays["output_biases"]))
    assert np.isfinite(answer).all()


def test_states_too_large_for_a_query_are_refused() -> None:
    arrays = random_arrays(0, members=1, hidden=64)
    arrays["node_types"] = np.zeros(1024, np.int32)
    many = {
        name: array if name == "node_types" else np.repeat(array, 65, axis=0)
        for name, array in arrays.items()
    }
    with pytest.raises(BenchmarkFormatError, match="node_embeddings: 65 members of 64 values"):
        make_predictor("gin", many)
