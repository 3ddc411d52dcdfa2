"""Surrogate against table, on simulated trainings whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.axes import Axes

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import PROPOSALS, Provenance, write_table
from nasforge.studies import judges, table_finding
from nasforge.studies import table as study
from nasforge.studies.table import TableOutputs, TableSources, compare_with_table

N, JUDGES, SEEDS = 60, 40, 5


@dataclass(frozen=True, eq=False)
class Written:
    """What the study wrote."""

    scores: pd.DataFrame
    equal_error: pd.DataFrame
    sentence: str

    def overtaken(self, stratum: str) -> pd.Series:
        return self.equal_error.set_index("stratum").loc[stratum]


def run(
    folder: Path, error: float, monkeypatch: pytest.MonkeyPatch, seconds: float = 36.0
) -> Written:
    """Trainings with noise .01; a surrogate of that error, growing smaller with n."""
    monkeypatch.setattr(judges, "BOOTSTRAPS", 50)
    rng = np.random.default_rng(0)
    true = rng.normal(0.6, 0.02, N)
    rows = [
        {
            "architecture": str(i),
            "architecture_id": f"{i:03d}",
            "stratum": "random" if i % 2 else "re",
            "replicate": replicate,
            **dict.fromkeys(TARGETS, seconds),
            "val_accuracy": true[i] + 0.01 * rng.standard_normal(),
        }
        for i in range(N)
        for replicate in range(SEEDS if i < JUDGES else 1)
    ]
    pd.DataFrame(rows).to_parquet(folder / "development.parquet")
    proposals = [
        {
            "sampler": sampler,
            "optimizer": optimizer,
            "generation": 0,
            "position": 0,
            "raw_architecture": "",
            "evaluation_id": "0" * 16,
        }
        for sampler, optimizer in (("random", "random"), ("re", "regularized_evolution"))
    ]
    table = pa.Table.from_pylist(proposals, schema=PROPOSALS)
    write_table(folder / "proposals.parquet", table, "proposals", Provenance({}, {}))
    errors = rng.standard_normal(N)
    predictions = [
        pd.DataFrame(
            {
                "scheme": scheme,
                "group": group,
                "trained": trained,
                "architecture_id": [f"{i:03d}" for i in range(N)],
                "prediction": true + factor * error * errors,
            }
        )
        for scheme, group, trained, factor in (
            ("size", "20", 20, 4.0),
            ("size", "all", 48, 1.0),
            ("seen", "all", 60, 0.5),
        )
    ]
    pd.concat(predictions).to_parquet(folder / "linear.parquet")
    outputs = TableOutputs(
        folder / "scores.parquet",
        folder / "equal_error.parquet",
        folder / "figure.png",
        folder / "finding.txt",
    )
    sources = TableSources(folder / "development.parquet", folder / "proposals.parquet")
    compare_with_table(sources, {"linear": folder / "linear.parquet"}, outputs)
    assert outputs.figure.stat().st_size > 10_000
    tables = map(pd.read_parquet, (outputs.scores, outputs.equal_error))
    return Written(*tables, outputs.finding.read_text())


TRAININGS = (JUDGES * SEEDS + N - JUDGES) / N
"""Of an architecture, mean."""


def test_the_table_errs_by_the_noise_of_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = run(tmp_path, 0.004, monkeypatch).scores
    row = table[(table["stratum"] == "all") & (table["metric"] == "mae")].iloc[0]
    # One run against the mean of four others.
    expected = 0.01 * np.sqrt(1 + 1 / 4) * np.sqrt(2 / np.pi)
    assert row["table"] == pytest.approx(expected, rel=0.3)
    assert row["judges"] == JUDGES
    assert set(table["stratum"]) == {"all", "random", "optimized"}  # few judges are in the top
    assert set(table["variant"]) == {"unseen", "first run seen"}
    assert row["core_hours"] == pytest.approx(20 * TRAININGS * 36 / 3600)


def test_a_better_surrogate_overtakes_and_the_sentence_says_where_and_at_what_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = run(tmp_path, 0.003, monkeypatch)
    table = written.scores
    rows = table[(table["stratum"] == "all") & (table["metric"] == "mae")]
    behind = rows[rows["variant"] == "unseen"].set_index("size")["difference"]
    assert behind["20"] > 0 > behind["all"]
    row = written.overtaken("all")
    # Straight on log n, so that the two differences fix the point between 20 and 48.
    part = behind["20"] / (behind["20"] - behind["all"])
    assert row["size"] == pytest.approx(20 * (48 / 20) ** part)
    assert 20 < row["size_low"] < row["size"] < row["size_high"] < 48
    assert row["overtaking"] > 0.9
    assert row["networks"] == pytest.approx(row["size"] * TRAININGS)
    assert row["core_hours"] == pytest.approx(row["networks"] * row["table_core_hours"])
    assert row["table_core_hours"] == pytest.approx(0.01)
    numbers = f"{row['size']:.0f} [{row['size_low']:.0f}, {row['size_high']:.0f}]"
    start = f"linear overtakes a table of one run with {numbers} training architectures. They take "
    assert written.sentence.startswith(f"{start}{row['core_hours']:.1f} [")
    assert f"a table of {row['networks']:.0f} [" in written.sentence
    assert "on random architectures (20 judges), " in written.sentence


def test_judges_in_the_top_region_are_a_stratum_chosen_by_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "FEWEST", 3)
    written = run(tmp_path, 0.02, monkeypatch)
    predictions = pd.read_parquet(tmp_path / "linear.parquet")
    full = predictions[(predictions["scheme"] == "size") & (predictions["group"] == "all")]
    full = full.set_index("architecture_id")["prediction"]
    top = full[full >= full.quantile(0.8)]  # a fifth of all, not of the judges
    assert written.overtaken("top")["judges"] == (top.index < f"{JUDGES:03d}").sum()
    assert "the top fifth by prediction (" in written.sentence


def test_times_that_nobody_knows_cost_trainings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = run(tmp_path, 0.003, monkeypatch, seconds=float("nan"))
    assert "They take as many trainings as a table of " in written.sentence
    assert "core-hours" not in written.sentence
    assert written.scores["core_hours"].isna().all()


def test_a_worse_one_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = run(tmp_path, 0.05, monkeypatch)
    assert written.sentence.startswith(
        "No surrogate overtakes a table of one run: linear, the nearest, needs more than 48 [more "
        "than 48, more than 48] training architectures. With 48 "
    )
    assert np.isinf(written.overtaken("all")["size"])
    assert written.overtaken("all")["overtaking"] == 0.0


def test_what_is_better_from_the_start_needs_no_more_than_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = run(tmp_path, 1e-4, monkeypatch)
    assert "with at most 20 [at most 20, at most 20] training architectures" in written.sentence
    # 20 architectures of 3.67 trainings each.
    assert "a table of at most 73 [at most 73, at most 73] networks" in written.sentence


def test_the_bar_where_errors_meet_ends_where_sizes_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watch_figures: Callable[[ModuleType], list[Axes]],
) -> None:
    drawn = watch_figures(table_finding)
    written = run(tmp_path, 0.05, monkeypatch)
    bar, caps = drawn[0].lines[-2:]
    assert list(bar.get_xdata()) == [48, 48]
    assert len(caps.get_xdata()) == 0
    assert list(bar.get_ydata()) == [written.overtaken("all")["table"]] * 2
    assert drawn[2].texts[0].get_text() == "too few replicates"


def test_without_judges_nothing_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "FEWEST", 1000)
    written = run(tmp_path, 0.004, monkeypatch)
    assert written.scores.empty
    assert written.equal_error.empty
    assert written.sentence.startswith("Not answered")
