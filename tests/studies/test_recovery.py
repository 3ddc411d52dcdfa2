"""The comparison of a simulated campaign with its truth."""

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from matplotlib.axes import Axes
from tiny_benchmark import TARGETS, write_benchmark

import nasforge
from nasforge.benchmark import Benchmark
from nasforge.studies import recovery
from nasforge.studies.recovery import RecoveryRow, finding, score_recovery, write_recovery

SAMPLERS = [
    {"name": "random", "optimizer": "random", "settings": {}},
    {"name": "again", "optimizer": "random", "settings": {}},
    {
        "name": "re",
        "optimizer": "regularized_evolution",
        "settings": {"population_size": 10, "sample_size": 5},
    },
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "FRESH", 100)
    monkeypatch.setattr(recovery, "SEARCHES", 2)
    monkeypatch.setattr(recovery, "BUDGET", 60)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return nasforge.load(write_benchmark(tmp_path_factory.mktemp("truth"), TARGETS))


def by_place(rows: list[RecoveryRow]) -> dict[tuple[str, str], float]:
    return {(row.quantity, row.measure): row.value for row in rows}


def test_the_truth_recovers_itself(truth: Benchmark) -> None:
    found = by_place(score_recovery(truth, truth, SAMPLERS))
    for target in TARGETS:
        assert found[target, "kendall_tau"] == pytest.approx(1.0)
        assert found[target, "rmse"] == 0.0
    assert found["noise_std", "truth"] == found["noise_std", "recovered"] == pytest.approx(0.01)
    assert found["epistemic_std", "coverage 80%"] == 1.0
    assert found["search random", "truth"] == found["search random", "recovered"]
    assert found["search re", "truth"] > found["search random", "truth"]
    assert found["search ranking", "kendall_tau"] == pytest.approx(1.0)
    assert ("search again", "truth") not in found  # the same optimizer and settings


def test_searches_have_intervals_over_their_runs(truth: Benchmark) -> None:
    rows = {(row.quantity, row.measure): row for row in score_recovery(truth, truth, SAMPLERS)}
    for name in ("random", "re"):
        row = rows[f"search {name}", "truth"]
        assert row.low < row.value < row.high
    assert -1.0 <= rows["search ranking", "kendall_tau"].low <= 1.0
    assert math.isnan(rows["val_accuracy", "r2"].low)


def test_a_benchmark_of_less_is_compared_in_what_it_has(truth: Benchmark, tmp_path: Path) -> None:
    silent = nasforge.load(write_benchmark(tmp_path, ("val_accuracy",), noisy=()))
    found = by_place(score_recovery(truth, silent, SAMPLERS[:1]))
    assert math.isnan(found["noise_std", "recovered"])
    assert ("train_time_s", "rmse") not in found
    assert ("search ranking", "kendall_tau") not in found
    sentence = finding(score_recovery(truth, silent, SAMPLERS[:1]))
    assert "noise between trainings was not estimated" in sentence
    assert "ranked" not in sentence


def test_rows_are_written_and_drawn(
    truth: Benchmark, tmp_path: Path, watch_figures: Callable[[ModuleType], list[Axes]]
) -> None:
    rows = score_recovery(truth, truth, SAMPLERS)
    drawn = watch_figures(recovery)
    files = [tmp_path / f"recovery.{suffix}" for suffix in ("parquet", "png", "txt")]
    write_recovery(rows, *files)
    table = pd.read_parquet(files[0])
    # repr, because nan is what has no interval
    assert [repr(RecoveryRow(**row)) for row in table.to_dict("records")] == [*map(repr, rows)]
    sentence = files[2].read_text()
    assert (
        "has R2 1.00 and Kendall tau 1.00 to the truth; noise between trainings is 1.00" in sentence
    )
    assert (
        "2 optimizers are ranked by searches of 60 evaluations with Kendall tau 1.00 [" in sentence
    )
    ranked, searched = drawn
    assert [bar.get_width() for bar in ranked.patches] == pytest.approx([1.0] * len(TARGETS))
    found = by_place(rows)
    for line, side in zip(searched.lines, ("truth", "recovered"), strict=True):
        assert list(line.get_ydata()) == ["random", "re"]
        ends = [100 * found[f"search {name}", side] for name in ("random", "re")]
        assert list(line.get_xdata()) == pytest.approx(ends)
