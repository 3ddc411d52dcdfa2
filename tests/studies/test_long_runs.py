"""Long runs, what they find, and what random draws would have found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.errors import SurrogateError
from nasforge.evaluations.proposals import read_proposals
from nasforge.space import DARTS
from nasforge.studies.exploitation import (
    CONTROLS,
    Choice,
    ChoiceOutputs,
    choose_exploited,
    chosen,
)
from nasforge.studies.long_runs import LongRun, at_evaluations, at_times, run_long
from nasforge.studies.overtaking import LongRunOutputs, compare_long_runs
from nasforge.studies.random_draws import (
    DrawOutputs,
    compare_with_draws,
    expected_best,
    expected_best_of_all,
)

EVALUATIONS, SEEDS = 60, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark, and runs of three optimizers on it."""
    folder = tmp_path_factory.mktemp("long_runs")
    benchmark = write_benchmark(folder, ("val_accuracy", "train_time_s"))
    for name in ("random", "local_search"):
        spec = LongRun(name, {}, EVALUATIONS, SEEDS, workers=1, noisy=[True, False])
        run_long(
            DARTS,
            benchmark,
            spec,
            folder / f"{name}.curves.parquet",
            folder / f"{name}.best.parquet",
        )
    return folder


def files(folder: Path, kind: str) -> list[Path]:
    return [folder / f"{name}.{kind}.parquet" for name in ("random", "local_search")]


def test_incumbents_and_the_best_of_a_run_are_kept(folder: Path) -> None:
    curves = pd.read_parquet(folder / "random.curves.parquet")
    assert curves["noisy"].nunique() == 2
    for _, run in curves.groupby(["noisy", "seed"]):
        assert run["evaluation"].iloc[0] == 1
        assert run["evaluation"].iloc[-1] == EVALUATIONS
        assert (run["seen"].diff().dropna() >= 0).all()
        assert (run["wall_time_s"].diff().dropna() > 0).all()
    best = pd.read_parquet(folder / "random.best.parquet")
    assert (best.groupby(["noisy", "seed"])["architecture"].nunique() == EVALUATIONS).all()
    for _, run in best.groupby(["noisy", "seed"]):
        assert (run["value"].diff().dropna() <= 0).all()
    benchmark = nasforge.load(folder / "tiny-v1")
    row = best.iloc[0]
    assert benchmark.query(row["architecture"]).val_accuracy == pytest.approx(row["value"])


def test_incumbents_are_looked_up_by_evaluations_and_by_time() -> None:
    run = {"evaluation": [1, 4, 6], "wall_time_s": [10.0, 40.0, 60.0], "value": [0.1, 0.3, 0.3]}
    curves = pd.DataFrame(run).assign(seed=0)
    values = at_evaluations(curves, np.array([1, 3, 4, 6]))
    np.testing.assert_array_equal(values, [[0.1, 0.1, 0.3, 0.3]])
    times = at_times(curves, np.array([5.0, 10.0, 59.0]))
    np.testing.assert_array_equal(times, [[np.nan, 0.1, 0.3]])


def test_the_comparison_is_written(folder: Path, tmp_path: Path) -> None:
    outputs = LongRunOutputs(
        tmp_path / "numbers.parquet",
        tmp_path / "leads.parquet",
        tmp_path / "f.png",
        tmp_path / "finding.txt",
    )
    compare_long_runs(files(folder, "curves"), outputs)
    table = pd.read_parquet(outputs.numbers)
    rows = table[(table["optimizer"] == "random") & table["noisy"]]
    assert list(rows["evaluations"]) == [1, 2, 5, 10, 20, 50, 60]
    quiet = table[~table["noisy"]]
    # Without noise the incumbent is worth what was seen of it.
    np.testing.assert_allclose(quiet["value"], quiet["seen"])
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    sentences = outputs.finding.read_text()
    assert "runs of 60 evaluations that see noisy values (2 seeds, too few " in sentences
    assert "runs of 60 evaluations that see noise-free values (2 seeds, too few " in sentences
    leads = pd.read_parquet(outputs.leads)
    assert list(zip(leads["rival"], leads["noisy"], strict=True)) == [
        ("random", True), ("random", False),
    ]  # fmt: skip
    assert outputs.figure.stat().st_size > 10_000


def test_what_was_found_and_controls_become_proposals(folder: Path, tmp_path: Path) -> None:
    outputs = ChoiceOutputs(tmp_path / "proposals.csv", tmp_path / "predictions.parquet")
    choose_exploited(DARTS, folder / "tiny-v1", files(folder, "best"), Choice(4, 3, 2), outputs)
    proposals = read_proposals(outputs.proposals)
    assert len(proposals) == (4 * 2 + 3) * 2
    assert {p.replicate for p in proposals} == {0, 1}
    table = pd.read_parquet(outputs.predictions)
    groups = table.groupby("group")["predicted"]
    assert groups.size().to_dict() == {
        "found by random": 4, "found by local_search": 4, CONTROLS: 3,
    }  # fmt: skip
    assert groups.mean()["found by local_search"] > groups.mean()[CONTROLS]
    texts = [p.raw_architecture for p in proposals if p.replicate == 0]
    assert texts == list(table["architecture"])


def test_runs_share_what_is_chosen_and_too_few_are_an_error() -> None:
    best = pd.DataFrame(
        {
            "optimizer": "tpe",
            "noisy": True,
            "seed": [0, 0, 0, 1, 1, 1],
            "rank": [1, 2, 3, 1, 2, 3],
            "architecture": ["a", "b", "c", "d", "a", "e"],
        }
    )
    assert chosen(best, 4) == ["a", "d", "b", "c"]
    with pytest.raises(SurrogateError, match="found only 5 networks, 6"):
        chosen(best, 6)


def test_expected_bests_are_those_of_simulated_draws() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=50)
    seen = values + rng.normal(size=50)
    draws = rng.integers(50, size=(20_000, 5))
    picked = np.take_along_axis(draws, seen[draws].argmax(axis=1)[:, None], 1)[:, 0]
    [by_seen] = expected_best(values, seen, np.array([5]))
    assert by_seen == pytest.approx(values[picked].mean(), abs=0.03)
    [by_value] = expected_best(values, values, np.array([5]))
    assert by_value == pytest.approx(values[draws].max(axis=1).mean(), abs=0.03)
    without = np.array([rng.permutation(values)[:5].max() for _ in range(20_000)])
    bests = expected_best_of_all(values, np.array([1, 5, 50]))
    np.testing.assert_allclose(bests, [values.mean(), without.mean(), values.max()], atol=0.03)


def test_draws_stand_beside_the_runs(folder: Path, tmp_path: Path) -> None:
    outputs = DrawOutputs(
        tmp_path / "numbers.parquet", tmp_path / "f.png", tmp_path / "finding.txt"
    )
    compare_with_draws(DARTS, folder / "tiny-v1", files(folder, "curves"), 300, 41, outputs)
    table = pd.read_parquet(outputs.numbers).set_index("evaluations")
    assert (table["draws_without_noise"].diff().dropna() > 0).all()
    lost = (table["draws_without_noise"] - table["draws"]).dropna()
    assert lost.iloc[0] == pytest.approx(0, abs=1e-12)
    assert (lost.iloc[1:] > 0).all()
    assert table["draws"].dropna().index.max() == 30  # a tenth
    assert table["small_space"].dropna().index.max() == 41
    sentence = outputs.finding.read_text()
    assert "a space of 41 networks 21.0 random draws" in sentence
    assert "(7 such spaces, " in sentence
