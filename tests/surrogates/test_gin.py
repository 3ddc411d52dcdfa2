"""Graph networks: the frozen arrays are the trained network, and what it can learn."""

import numpy as np
import pytest
import torch

from nasforge.benchmark.predictors.gin import GinPredictor
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.space.darts.genotype import OPERATIONS
from nasforge.space.darts.graph import LAYOUT, TO_OUTPUT
from nasforge.surrogates.families import gin_network, torch_fitting
from nasforge.surrogates.families.gin import fit_gin

QUICK = {"hidden": 16, "layers": 2, "readout": 8, "epochs": 3}
TYPES = np.array(LAYOUT.node_types, np.int32)


def random_rows(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return DARTS.encode([DARTS.sample(rng) for _ in range(n)], "graph")


def frozen(network: gin_network.GinNetwork) -> GinPredictor:
    arrays = {name: p.detach().numpy()[None] for name, p in network.named_parameters()}
    for name in ("output_weights", "output_biases"):
        arrays[name] = arrays[name].astype(np.float64)
    return GinPredictor(node_types=TYPES, **arrays)


@pytest.mark.parametrize("missing_edges", [False, True])
def test_the_frozen_arrays_predict_as_the_network(missing_edges: bool) -> None:
    rows = random_rows(50)
    if missing_edges:
        rows[:, 2::9] = -1  # every third
    torch.manual_seed(0)
    network = gin_network.GinNetwork(TYPES, LAYOUT.operations, hidden=16, layers=3, readout=8)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        expected = network(torch.as_tensor(rows.reshape(50, -1, 3).astype(np.int64)))
    predicted = frozen(network).predict(rows)[:, 0]
    assert expected.std() > 0.1
    np.testing.assert_allclose(predicted, expected, atol=1e-5)


def test_a_fit_freezes_its_network_on_the_scale_of_the_labels() -> None:
    # After one epoch at a rate of almost 0 the answer is the untrained network's: it is undone
    # from the labels' mean and standard deviation.
    rows, labels = random_rows(40), np.linspace(10.0, 30.0, 40)
    settings = {**QUICK, "epochs": 1, "learning_rate": 1e-12}
    predicted = fit_gin(rows, labels, 7, LAYOUT, **settings).predict(rows)[:, 0]
    torch.manual_seed(7)
    network = gin_network.GinNetwork(TYPES, LAYOUT.operations, hidden=16, layers=2, readout=8)
    np.testing.assert_allclose(
        predicted, labels.mean() + labels.std() * frozen(network).predict(rows)[:, 0], atol=1e-4
    )


def labels_of(rows: np.ndarray) -> np.ndarray:
    """A function of where operations are: a separable convolution counts if it is next to an input.

    Its number by itself says little, so a network that had operations on wrong edges would fail.
    """
    edges = rows.reshape(len(rows), -1, 3)
    convolution = np.isin(
        edges[:, :, 2], [OPERATIONS.index(f"sep_conv_{k}") for k in ("3x3", "5x5")]
    )
    first = np.isin(edges[:, :, 0], [0, 1])
    return 5.0 + (convolution & first).sum(axis=1) - (convolution & ~first).sum(axis=1)


def test_it_learns_which_edge_an_operation_is_on() -> None:
    rows, new = random_rows(300), random_rows(100, seed=1)
    member = fit_gin(
        rows, labels_of(rows), 0, LAYOUT, hidden=16, layers=2, epochs=40, learning_rate=0.01
    )
    error = ((member.predict(new)[:, 0] - labels_of(new)) ** 2).mean()
    assert error < 0.05 * labels_of(new).var()


def test_the_same_seed_gives_the_same_arrays_and_another_seed_others() -> None:
    rows = random_rows(50)
    labels = labels_of(rows)
    first, again, other = (
        fit_gin(rows, labels, seed, LAYOUT, **QUICK).to_arrays() for seed in (3, 3, 4)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
        assert (name == "node_types") == np.array_equal(array, other[name])


def test_the_order_of_rows_and_the_seed_draw_nothing_from_outside() -> None:
    rows = random_rows(50)
    threads = torch.get_num_threads()
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    torch.set_num_threads(2)
    try:
        fit_gin(rows, labels_of(rows), 0, LAYOUT, **QUICK)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("n", [1, 2, 33])
def test_labels_that_are_all_the_same_are_predicted(n: int) -> None:
    rows = random_rows(n)
    member = fit_gin(rows, np.full(n, 2.5), 0, LAYOUT, **{**QUICK, "epochs": 60})
    np.testing.assert_allclose(member.predict(rows), 2.5, atol=0.5)
    assert np.isfinite(member.predict(random_rows(20, seed=1))).all()


def test_nodes_are_inputs_outputs_and_what_is_between() -> None:
    # DARTS: two inputs, four interchangeable nodes and an output per cell.
    types = TYPES.tolist()
    assert types[2:6] == [types[2]] * 4
    assert types[9:13] == [types[9]] * 4
    assert len(set(types)) == 8
    assert set(types) == set(range(8))


def test_every_operation_of_the_layout_has_an_embedding() -> None:
    rows = random_rows(1)
    member = fit_gin(rows, np.ones(1), 0, LAYOUT, **QUICK)
    assert member.operation_embeddings.shape == (1, 2, 2, TO_OUTPUT + 1, 16)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    training = torch_fitting.Training(1, 1, learning_rate=2.0, weight_decay=0.0)
    rates = [training.rate(done) for done in (0.0, 0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0.0, 1.0, 2.0, 1.0, 0.0])


def test_without_pytorch_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_fitting.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SurrogateError, match=r"gin needs PyTorch: pip install 'nasforge\[fit\]'"):
        fit_gin(random_rows(2), np.ones(2), 0, LAYOUT)


def test_the_default_settings_learn_a_noisy_function() -> None:
    rows, new = random_rows(400), random_rows(200, seed=1)
    labels = labels_of(rows) + np.random.default_rng(0).normal(scale=0.5, size=400)
    member = fit_gin(rows, labels, 0, LAYOUT)
    error = ((member.predict(new)[:, 0] - labels_of(new)) ** 2).mean()
    assert error < 0.2 * labels_of(new).var()
