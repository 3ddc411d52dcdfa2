"""Surrogate against table, on simulated trainings whose truth is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import PROPOSALS, Provenance, write_table
from nasforge.studies import table as study
from nasforge.studies.table import TableOutputs, TableSources, compare_with_table

N, JUDGES, SEEDS = 60, 40, 5


def run(folder: Path, error: float, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, str]:
    """Trainings with noise .01; a surrogate of that error, growing smaller with n."""
    monkeypatch.setattr(study, "BOOTSTRAPS", 50)
    rng = np.random.default_rng(0)
    true = rng.normal(0.6, 0.02, N)
    rows = [
        {
            "architecture": str(i),
            "architecture_id": f"{i:03d}",
            "stratum": "random" if i % 2 else "re",
            "replicate": replicate,
            **dict.fromkeys(TARGETS, 36.0),
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
    outputs = TableOutputs(folder / "scores.parquet", folder / "figure.png", folder / "finding.txt")
    sources = TableSources(folder / "development.parquet", folder / "proposals.parquet")
    compare_with_table(sources, {"linear": folder / "linear.parquet"}, outputs)
    assert outputs.figure.stat().st_size > 10_000
    return pd.read_parquet(outputs.scores), outputs.finding.read_text()


def test_the_table_errs_by_the_noise_of_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, _ = run(tmp_path, 0.004, monkeypatch)
    row = table[(table["stratum"] == "all") & (table["metric"] == "mae")].iloc[0]
    # One run against the mean of four others.
    expected = 0.01 * np.sqrt(1 + 1 / 4) * np.sqrt(2 / np.pi)
    assert row["table"] == pytest.approx(expected, rel=0.3)
    assert row["judges"] == JUDGES
    assert set(table["stratum"]) == {"all", "random", "optimized"}
    assert set(table["variant"]) == {"unseen", "first run seen"}
    trainings = (JUDGES * SEEDS + N - JUDGES) / N  # of an architecture, in the mean
    assert row["core_hours"] == pytest.approx(20 * trainings * 36 / 3600, abs=1e-5)


def test_a_better_surrogate_overtakes_and_the_sentence_says_from_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, sentence = run(tmp_path, 0.003, monkeypatch)
    rows = table[(table["stratum"] == "all") & (table["metric"] == "mae")]
    by_size = rows[rows["variant"] == "unseen"].set_index("size")["difference"]
    assert by_size["20"] > 0 > by_size["all"]
    assert sentence.startswith("linear overtakes a table of one run from 48 training architectures")
    hours = 48 * (JUDGES * SEEDS + N - JUDGES) / N * 36 / 3600
    assert f"({hours:.1f} core-hours) on, surely from 48 on" in sentence


def test_only_what_stays_better_has_overtaken() -> None:
    columns = {"stratum": "all", "metric": "mae", "variant": "unseen", "family": "linear"}
    table = pd.DataFrame(
        {
            "trained": [50, 100, 200, 400],
            "surrogate": 0.01,
            "table": 0.01,
            "difference": [-0.1, 0.1, -0.1, -0.2],
            "low": -1.0,
            "high": [-0.1, 0.1, 0.1, -0.1],
            "judges": 40,
        }
    ).assign(**columns)
    assert "from 200 training architectures (2.0 core-hours) on, surely from 400" in study.finding(
        table, 36.0
    )
    assert study.finding(table.iloc[:2], 36.0).startswith("No surrogate overtakes")


def test_a_worse_one_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, sentence = run(tmp_path, 0.05, monkeypatch)
    assert sentence.startswith("No surrogate overtakes a table of one run with up to 48")


def test_without_judges_nothing_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "FEWEST", 1000)
    table, sentence = run(tmp_path, 0.004, monkeypatch)
    assert table.empty
    assert sentence.startswith("Not answered")
