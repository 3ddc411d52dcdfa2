"""Simulated outcomes: a function of the benchmark and the id, with the noise that it states."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from every_kind import write_every_kind
from tiny_benchmark import DATASET, RECIPE, write_benchmark

import nasforge
from nasforge.accelerator import numpy_alone
from nasforge.benchmark import Benchmark
from nasforge.errors import EvaluationsError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluators.shard import evaluate_shard
from nasforge.evaluators.simulate import (
    Simulator,
    curve_points,
    saturating_curve,
    simulation_record,
)
from nasforge.evaluators.source import read_source, source_provenance, write_source
from nasforge.space import DARTS

ALL = ("val_accuracy", "test_accuracy", "train_time_s")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return nasforge.load(write_benchmark(tmp_path_factory.mktemp("truth"), ALL))


def simulator(bench: Benchmark, failure_rate: float = 0.0, divergence: float = 0.0) -> Simulator:
    record = simulation_record(bench, DATASET, failure_rate, divergence)
    return Simulator.of(bench, RECIPE, record)


def proposals(n: int, replicates: int = 1) -> list[Proposal]:
    rng = np.random.default_rng(5)
    texts = [DARTS.format(DARTS.sample(rng)) for _ in range(n)]
    return [
        Proposal("a", "random", 0, position, replicate, text)
        for position, text in enumerate(texts)
        for replicate in range(replicates)
    ]


def simulate(
    folder: Path, source: Simulator, wanted: list[Proposal], max_attempts: int = 1
) -> list[Evaluation]:
    cache = EvaluationCache(folder, "simulate", RECIPE.recipe_id)
    return evaluate_shard(wanted, RECIPE, source, cache, max_attempts)


def test_an_outcome_is_a_function_of_its_id_alone(bench: Benchmark, tmp_path: Path) -> None:
    wanted = proposals(6, replicates=2)
    once = simulate(tmp_path / "a", simulator(bench), wanted)
    again = simulate(tmp_path / "b", simulator(bench), wanted[::-1])
    times = {"finished_at": ""}
    assert [replace(row, **times) for row in once] == [replace(r, **times) for r in again[::-1]]
    assert {row.evaluator for row in once} == {"simulate"}
    assert len({row.val_accuracy for row in once}) == 12


def test_outcomes_do_not_depend_on_numba(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    trees = nasforge.load(write_every_kind(tmp_path), "forest")
    wanted = proposals(3)
    compiled = simulate(tmp_path / "a", simulator(trees), wanted)
    with numpy_alone():
        plain = simulate(tmp_path / "b", simulator(trees), wanted)
    assert [row.val_accuracy for row in compiled] == [row.val_accuracy for row in plain]


def test_outcomes_have_the_mean_and_the_noise_of_the_benchmark(
    bench: Benchmark, tmp_path: Path
) -> None:
    wanted = proposals(1, replicates=300)
    rows = simulate(tmp_path, simulator(bench), wanted)
    truth = bench.query(rows[0].architecture)
    accuracies = np.array([row.val_accuracy for row in rows])
    standard_error = truth.noise_std / math.sqrt(len(rows))
    assert abs(accuracies.mean() - truth.val_accuracy) < 4 * standard_error
    assert truth.noise_std * 0.85 < accuracies.std() < truth.noise_std * 1.15
    assert {(row.params, row.macs) for row in rows} == {(truth.params, truth.macs)}


def test_failures_are_tried_again_and_divergence_is_final(bench: Benchmark, tmp_path: Path) -> None:
    source = simulator(bench, failure_rate=0.3, divergence=0.2)
    wanted = proposals(200)
    first = simulate(tmp_path, source, wanted, max_attempts=2)
    second = simulate(tmp_path, source, wanted, max_attempts=2)
    counts = [
        {status: sum(row.status == status for row in rows) for status in ("failed", "diverged")}
        for rows in (first, second)
    ]
    assert 35 < counts[0]["failed"] < 85
    assert 5 < counts[1]["failed"] < counts[0]["failed"] * 0.6
    assert 15 < counts[0]["diverged"] < 60
    for before, after in zip(first, second, strict=True):
        if before.status == "failed":
            assert after.attempts == 2
        else:
            assert after == before or repr(after) == repr(before)  # nan
    failed = next(row for row in first if row.status == "failed")
    assert failed.error == "SimulatedFailure: attempt 1"
    assert math.isnan(failed.val_accuracy)


def test_another_benchmark_surrogate_or_rate_is_another_data_set(bench: Benchmark) -> None:
    ids = {simulator(bench).dataset_id, simulator(bench, 0.1).dataset_id}
    assert len({*ids, simulator(bench, 0.0, 0.1).dataset_id}) == 3


def test_a_benchmark_made_anew_stops_the_job(bench: Benchmark, tmp_path: Path) -> None:
    record = simulation_record(bench, DATASET, 0.0, 0.0)
    other = nasforge.load(write_benchmark(tmp_path, ("val_accuracy",)))
    with pytest.raises(EvaluationsError, match="was the benchmark made again while jobs ran"):
        Simulator.of(other, RECIPE, record)


def test_without_a_noise_model_nothing_is_simulated(tmp_path: Path) -> None:
    silent = nasforge.load(write_benchmark(tmp_path, ("val_accuracy",), noisy=()))
    with pytest.raises(EvaluationsError, match="no noise model of val_accuracy"):
        simulation_record(silent, DATASET, 0.0, 0.0)


def test_what_the_benchmark_does_not_know_is_nan(tmp_path: Path) -> None:
    bench = nasforge.load(write_benchmark(tmp_path / "b", ("val_accuracy",)))
    [row] = simulate(tmp_path, simulator(bench), proposals(1))
    assert row.status == "ok"
    assert math.isnan(row.test_accuracy)
    assert math.isnan(row.train_time_s)


def test_a_benchmarks_curve_ends_in_the_draw(tmp_path: Path) -> None:
    bench = nasforge.load(write_every_kind(tmp_path))
    recipe = replace(RECIPE, epochs=4)
    source = Simulator.of(bench, recipe, simulation_record(bench, DATASET, 0.0, 0.0))
    cache = EvaluationCache(tmp_path / "cache", "simulate", recipe.recipe_id)
    for row in evaluate_shard(proposals(3, replicates=2), recipe, source, cache, 1):
        values = np.array([point.val_accuracy for point in row.curve])
        predicted = bench.curve(row.architecture)
        assert values[-1] == row.val_accuracy != predicted[-1]
        expected = np.clip(predicted + (row.val_accuracy - predicted[-1]), 0.0, 1.0)
        np.testing.assert_allclose(values, expected)
        assert row.curve[-1].elapsed_s == row.train_time_s


def test_a_benchmark_of_other_epochs_lends_no_curve(tmp_path: Path) -> None:
    bench = nasforge.load(write_every_kind(tmp_path))
    [row] = simulate(tmp_path / "cache", simulator(bench), proposals(1))
    expected = saturating_curve(row.val_accuracy, RECIPE.epochs)
    assert [point.val_accuracy for point in row.curve] == expected.tolist()


def test_a_curve_rises_to_the_final_accuracy() -> None:
    values = saturating_curve(0.9, 20).tolist()
    assert values == sorted(values)
    assert values[-1] == 0.9
    assert 0.5 < values[4] / 0.9 < 0.7
    curve = curve_points(np.array(values), 100.0)
    assert [point.epoch for point in curve] == list(range(1, 21))
    assert [point.val_accuracy for point in curve] == values
    assert curve[-1].elapsed_s == 100.0


def test_the_source_file_is_checked(bench: Benchmark, tmp_path: Path) -> None:
    file = tmp_path / "source.json"
    record = simulator(bench).record
    write_source(file, record)
    assert read_source(file) == record
    provenance = source_provenance(RECIPE, record)
    assert list(provenance.datasets) == [simulator(bench).dataset_id]
    file.write_text(file.read_text().replace('"failure_rate": 0.0', '"failure_rate": 0.5'))
    with pytest.raises(EvaluationsError, match="is not that of its record"):
        read_source(file)
    file.write_text("half")
    with pytest.raises(EvaluationsError, match="missing or damaged"):
        read_source(file)
