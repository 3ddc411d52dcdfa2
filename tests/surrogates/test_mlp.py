"""Perceptrons: the frozen arrays are the trained network, which columns it sees, what it learns."""

import numpy as np
import pytest
import torch

from nasforge.benchmark.predictors.mlp import MlpPredictor
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.surrogates.families import mlp_network, torch_fitting
from nasforge.surrogates.families.mlp import fit_mlp, used_columns


def binary_rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, size=(n, 12)).astype(np.float32)


def labels_of(rows: np.ndarray) -> np.ndarray:
    """Not linear: the exclusive or of two columns, and a third one."""
    return 5.0 + 2.0 * (rows[:, 1] != rows[:, 4]) + rows[:, 7]


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_the_frozen_arrays_predict_as_the_network(layers: int) -> None:
    rows = binary_rows(50)
    torch.manual_seed(0)
    network = mlp_network.MlpNetwork(inputs=12, hidden=16, layers=layers, dropout=0.5).eval()
    with torch.no_grad():
        expected = network(torch.as_tensor(rows))
    arrays = {name: p.detach().numpy()[None] for name, p in network.named_parameters()}
    for name in ("output_weights", "output_biases"):
        arrays[name] = arrays[name].astype(np.float64)
    member = MlpPredictor(columns=np.arange(12, dtype=np.int32), **arrays)
    np.testing.assert_allclose(member.predict(rows)[:, 0], expected, atol=1e-5)


def test_it_learns_what_no_linear_model_can() -> None:
    rows, new = binary_rows(300), binary_rows(100, seed=1)
    member = fit_mlp(rows, labels_of(rows), 0, dropout=0.0, learning_rate=0.01)
    error = ((member.predict(new)[:, 0] - labels_of(new)) ** 2).mean()
    assert error < 0.05 * labels_of(new).var()


def test_columns_that_are_rare_or_constant_are_not_used() -> None:
    rows = binary_rows(100)
    rows[:, 2] = 0
    rows[:, 3] = 1
    rows[:, 5] = np.arange(100) < 4
    rows[:, 6] = np.arange(100) < 5
    assert used_columns(rows, min_rows=5).tolist() == [0, 1, 4, 6, 7, 8, 9, 10, 11]
    assert used_columns(rows, min_rows=4).tolist() == [0, 1, 4, 5, 6, 7, 8, 9, 10, 11]
    member = fit_mlp(rows, labels_of(rows), 0, epochs=1)
    assert member.columns.tolist() == [0, 1, 4, 6, 7, 8, 9, 10, 11]


def test_columns_that_say_nothing_give_the_mean() -> None:
    rows, labels = np.ones((40, 6), np.float32), np.linspace(1.0, 3.0, 40)
    assert used_columns(rows, min_rows=5).tolist() == [0]
    predicted = fit_mlp(rows, labels, 0).predict(rows)
    np.testing.assert_allclose(predicted, 2.0, atol=0.3)


def test_few_of_all_paths_are_used() -> None:
    rng = np.random.default_rng(0)
    rows = DARTS.encode([DARTS.sample(rng) for _ in range(50)], "paths")
    labels = rows[:, 0] + rng.normal(scale=0.01, size=50)
    member = fit_mlp(rows, labels, 0, epochs=2)
    assert rows.shape[1] == 11200
    assert 10 < len(member.columns) < 200
    assert member.accepts(11200)
    assert np.isfinite(member.predict(rows)).all()


def test_the_same_seed_gives_the_same_arrays_and_another_seed_others() -> None:
    rows = binary_rows(50)
    first, again, other = (
        fit_mlp(rows, labels_of(rows), seed, epochs=3).to_arrays() for seed in (3, 3, 4)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
        assert (name == "columns") == np.array_equal(array, other[name])


def test_without_pytorch_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_fitting.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SurrogateError, match=r"mlp needs PyTorch: pip install 'nasforge\[fit\]'"):
        fit_mlp(binary_rows(2), np.ones(2), 0)
