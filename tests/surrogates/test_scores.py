"""The score table, and when a ceiling is not estimable."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.targets import TARGETS
from nasforge.surrogates.ceilings import score_limits
from nasforge.surrogates.labels import Labels, Replicates
from nasforge.surrogates.metrics import METRICS
from nasforge.surrogates.scores import format_scores, score_table, tabulate_scores

COLUMNS = [
    *("target", "family", "part", "metric", "n", "score", "low", "high"),
    *("ceiling", "ceiling_low", "ceiling_high", "table", "estimable"),
]
REPLICATES = Replicates(0.02**2 * np.random.default_rng(2).chisquare(2, 200) / 2, np.full(200, 3))
NOISE_VARIANCE = REPLICATES.pooled_variance()
NO_REPLICATES = Replicates(np.empty(0), np.empty(0, np.int64))


def labels_of(n: int) -> Labels:
    names = [str(i) for i in range(n)]
    values = np.random.default_rng(0).normal(0.8, 0.05, n)
    return Labels(names, names, names, values, np.ones(n, np.int64), values, NO_REPLICATES)


def predictions_of(labels: Labels, error: float = 0.02) -> np.ndarray:
    return labels.values + error * np.random.default_rng(1).standard_normal(len(labels))


def table_of(
    n: int = 150, target: str = "val_accuracy", replicates: Replicates = REPLICATES
) -> pd.DataFrame:
    labels = labels_of(n)
    predictions = {
        "mean": np.full(n, labels.values.mean()),
        "linear": predictions_of(labels),
    }
    return score_table(TARGETS[target], "test", labels, predictions, replicates)


pytestmark = pytest.mark.usefixtures("few_bootstraps")


def test_there_is_a_row_per_family_and_metric() -> None:
    table = table_of()
    assert list(table.columns) == COLUMNS
    assert list(zip(table["family"], table["metric"], strict=True)) == [
        (family, metric) for family in ("mean", "linear") for metric in METRICS
    ]
    assert set(table["target"]) == {"val_accuracy"}
    assert set(table["part"]) == {"test"}
    assert set(table["n"]) == {150}


def test_times_have_no_sparse_rank_correlation() -> None:
    assert set(table_of(target="train_time_s")["metric"]) == set(METRICS) - {"sparse_kendall_tau"}


def test_scores_are_those_of_the_metrics_within_their_intervals() -> None:
    labels = labels_of(150)
    rows = table_of().query("family == 'linear'").set_index("metric")
    for name, metric in METRICS.items():
        row = rows.loc[name]
        assert row["score"] == metric(labels.values, predictions_of(labels))
        assert row["low"] < row["score"] < row["high"]
        assert row["ceiling_low"] < row["ceiling"] < row["ceiling_high"]


def test_ceilings_are_those_of_the_replicates_noise() -> None:
    rows = table_of().query("family == 'mean'").set_index("metric")
    labels = labels_of(150)
    limits = score_limits(labels.values, labels.seeds, NOISE_VARIANCE, np.random.default_rng(9), 40)
    for name in METRICS:
        assert rows.loc[name, "ceiling"] == pytest.approx(limits.ceiling[name], rel=0.05)
        assert rows.loc[name, "table"] == pytest.approx(limits.table[name], rel=0.1)
    # The best tenth of 150 is too few to know a ceiling by.
    assert rows.drop("top_tenth_overlap")["estimable"].all()


def test_equal_predictions_have_equal_intervals() -> None:
    labels = labels_of(60)
    predictions = predictions_of(labels)
    table = score_table(
        TARGETS["val_accuracy"], "test", labels, {"a": predictions, "b": predictions}, REPLICATES
    )
    a, b = (table[table["family"] == family].drop(columns="family") for family in "ab")
    pd.testing.assert_frame_equal(a.reset_index(drop=True), b.reset_index(drop=True))


def test_the_table_is_the_same_every_time_and_other_seeds_differ() -> None:
    labels = labels_of(60)
    arguments = (TARGETS["val_accuracy"], "test", labels, {"a": predictions_of(labels)}, REPLICATES)
    first = score_table(*arguments)
    pd.testing.assert_frame_equal(first, score_table(*arguments))
    assert (first["low"] != score_table(*arguments, seed=1)["low"]).any()


def test_a_constant_prediction_has_no_rank_correlation_and_no_interval() -> None:
    rows = table_of().query("family == 'mean'").set_index("metric")
    for name in ("kendall_tau", "sparse_kendall_tau", "spearman"):
        assert rows.loc[name, ["score", "low", "high"]].isna().all()
    assert rows.loc["rmse", ["score", "low", "high"]].notna().all()


def test_fewer_than_30_architectures_have_no_ceiling() -> None:
    assert not table_of(29)["estimable"].any()
    assert table_of(30).query("metric == 'rmse'")["estimable"].all()


def test_without_replicates_there_is_no_ceiling() -> None:
    assert not table_of(replicates=NO_REPLICATES)["estimable"].any()


def test_a_ceiling_known_too_vaguely_is_not_estimable() -> None:
    # Replicated architectures of very different variance: anything may be drawn.
    vague = Replicates(np.array([1e-6, 1e-6, 1e-6, 1e-6, 5e-3]), np.full(5, 3))
    table = table_of(replicates=vague).set_index("metric")
    width = table["ceiling_high"] - table["ceiling_low"]
    assert (width["r2"] > 0.2).all()
    assert not table.loc["r2", "estimable"].any()
    # An error's floor is in the label's unit, to which that width does not apply.
    assert table.loc["rmse", "estimable"].all()


def test_the_text_has_a_line_per_row_and_says_what_is_not_known() -> None:
    header, *lines = format_scores(table_of(29)).splitlines()
    assert header.split()[:5] == ["target", "family", "part", "metric", "n"]
    assert len(lines) == 14
    assert all(line.endswith("not estimable") for line in lines)
    [tau] = [line for line in lines if "mean" in line and " kendall_tau" in line]
    assert "undefined" in tau
    [rmse] = [line for line in format_scores(table_of()).splitlines() if "mean" in line][2:3]
    assert rmse.split()[-2] == f"{math.sqrt(NOISE_VARIANCE):.4f}"


def test_several_tables_become_one_csv(tmp_path: Path) -> None:
    table_of(150).to_parquet(tmp_path / "a.parquet")
    few = table_of(29, "train_time_s").assign(part="out_of_fold")
    few.to_parquet(tmp_path / "b.parquet")
    output = tmp_path / "tables" / "scores.csv"
    tabulate_scores([tmp_path / "a.parquet", tmp_path / "b.parquet"], output)
    rows = pd.read_csv(output, dtype=str, keep_default_na=False)
    assert list(rows.columns) == [name for name in COLUMNS if name != "estimable"]
    assert len(rows) == 14 + 12
    known, unknown = rows[rows["n"] == "150"], rows[rows["n"] == "29"]
    known = known[known["metric"] != "top_tenth_overlap"]
    for column in ("ceiling", "ceiling_low", "ceiling_high", "table"):
        assert (unknown[column] == "not estimable").all()
        assert known[column].astype(float).notna().all()
    assert rows.loc[rows["metric"] == "rmse", "score"].str.len().max() <= 6


def test_an_undefined_score_is_not_called_not_estimable(tmp_path: Path) -> None:
    table_of().to_parquet(tmp_path / "a.parquet")
    tabulate_scores([tmp_path / "a.parquet"], tmp_path / "scores.csv")
    rows = pd.read_csv(tmp_path / "scores.csv", dtype=str, keep_default_na=False)
    [tau] = rows[(rows["family"] == "mean") & (rows["metric"] == "kendall_tau")].to_dict("records")
    assert tau["score"] == "undefined"
    assert math.isfinite(float(tau["ceiling"]))


def test_labels_with_several_seeds_have_higher_ceilings() -> None:
    one = labels_of(100)
    three = dataclasses.replace(one, seeds=np.full(100, 3))
    limits = [
        score_table(
            TARGETS["val_accuracy"], "test", labels, {"a": one.values}, REPLICATES
        ).set_index("metric")["ceiling"]
        for labels in (one, three)
    ]
    for name in ("r2", "kendall_tau", "spearman"):
        assert limits[1][name] > limits[0][name]
    assert limits[1]["rmse"] == pytest.approx(limits[0]["rmse"] / math.sqrt(3))
