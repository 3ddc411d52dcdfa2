"""Selection, by out-of-fold predictions of the development part alone."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.entries import NoiseModel
from nasforge.benchmark.targets import TARGETS
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.surrogates.fitting import OutOfFold
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.metrics import METRICS
from nasforge.surrogates.selection import Selection, SelectionOutputs, choose, select


def predict(campaign, tmp_path, errors: dict[str, dict[str, float]]) -> dict:
    """Records with out-of-fold predictions: the labels plus errors, by target and family.

    The models behind them are those of the finished campaign.
    """
    files = {}
    for target, by_family in errors.items():
        labels = read_labels(campaign.development, TARGETS[target])
        for family, error in by_family.items():
            rng = np.random.default_rng(0)
            record = tmp_path / "fit" / family / f"{target}.json"
            record.parent.mkdir(parents=True, exist_ok=True)
            fitted = campaign.records.get((family, target))
            for suffix in (".json", ".npz") if fitted else ():
                file = fitted.with_suffix(suffix)
                record.with_suffix(suffix).write_bytes(file.read_bytes())
            noise = error * rng.standard_normal((len(labels), 2))
            held_out = labels.values[:, None] + noise
            OutOfFold(labels.architecture_ids, held_out).write(record.with_suffix(".parquet"))
            files[family, target] = record
    return files


def decide(
    campaign, tmp_path, records: dict, budget: float = 1e6, exported: dict | None = None
) -> Selection:
    names = ("scores.parquet", "candidates.csv", "selection.json")
    outputs = SelectionOutputs(*(tmp_path / name for name in names))
    select(DARTS, campaign.development, records, budget, outputs, exported)
    return Selection.read(outputs.selection)


pytestmark = pytest.mark.usefixtures("few_bootstraps")


@pytest.mark.parametrize("best", ["mean", "linear", "lightgbm"])
def test_the_lowest_error_of_val_accuracy_wins(finished_campaign, tmp_path, best: str) -> None:
    families = ("mean", "linear", "lightgbm")
    errors = {
        "val_accuracy": {family: 0.01 if family == best else 0.02 for family in families},
        # Another target has no say.
        "train_time_s": {family: 0.3 if family == best else 0.1 for family in families},
    }
    files = predict(finished_campaign, tmp_path, errors)
    assert decide(finished_campaign, tmp_path, files).selected == best


def test_one_that_is_not_exported_is_not_selected_but_listed(finished_campaign, tmp_path) -> None:
    errors = {"val_accuracy": {"mean": 0.02, "linear": 0.001, "lightgbm": 0.01}}
    files = predict(finished_campaign, tmp_path, errors)
    exported = {"forest": "best_tree", "floor": "mean"}
    selection = decide(finished_campaign, tmp_path, files, exported=exported)
    assert selection.selected == "lightgbm"
    assert selection.exported == {"forest": "lightgbm", "floor": "mean"}
    table = pd.read_csv(tmp_path / "candidates.csv", index_col="surrogate")
    assert table["exported"].to_dict() == {"mean": True, "linear": False, "lightgbm": True}


def candidates(**rows: tuple[float, float, float]) -> pd.DataFrame:
    columns = ["rmse", "standard_error", "nominal_us"]
    return pd.DataFrame(rows, index=columns).T.rename_axis("surrogate").reset_index()


def test_the_cheapest_within_a_standard_error_of_the_best_wins() -> None:
    table = candidates(
        best=(0.010, 0.0, 500.0),
        close=(0.0105, 0.0006, 50.0),
        dearer=(0.0101, 0.0006, 60.0),
        far=(0.0107, 0.0006, 5.0),
    )
    assert choose(table, 1000.0) == "close"
    # Without the best one within the budget, the best of the others counts.
    assert choose(table, 55.0) == "far"
    assert choose(table.assign(standard_error=0.0), 55.0) == "close"


def test_errors_are_compared_with_the_best_that_may_be_chosen(finished_campaign, tmp_path) -> None:
    files = predict(
        finished_campaign,
        tmp_path,
        {"val_accuracy": {"mean": 0.0, "linear": 0.01, "lightgbm": 0.02}},
    )
    outputs = SelectionOutputs(*(tmp_path / name for name in ("scores", "candidates", "selection")))
    exported = {"a": "linear", "b": "lightgbm"}
    select(DARTS, finished_campaign.development, files, 1000.0, outputs, exported)
    table = pd.read_csv(outputs.candidates).set_index("surrogate")
    assert table.loc["linear", ["behind_best", "standard_error"]].tolist() == [0.0, 0.0]
    assert table.loc["mean", "behind_best"] < 0.0 < table.loc["lightgbm", "behind_best"]
    assert table.loc["linear", "selected"]


def test_of_equally_dear_ones_the_better_wins() -> None:
    assert choose(candidates(a=(0.0101, 0.1, 5.0), b=(0.01, 0.1, 5.0)), 10.0) == "b"


def test_a_budget_below_every_cost_is_an_error() -> None:
    with pytest.raises(SurrogateError, match=r"query_budget_us: 1 .* the cheapest is b with 5"):
        choose(candidates(a=(0.01, 0.1, 50.0), b=(0.02, 0.1, 5.0)), 1.0)


def test_candidates_have_errors_and_costs(finished_campaign) -> None:
    table = pd.read_csv(finished_campaign.outputs.candidates).set_index("surrogate")
    assert list(table.index) == ["mean", "linear", "lightgbm", "blend"]
    assert table["behind_best"].min() == 0.0
    assert table.loc[table["behind_best"].idxmin(), "standard_error"] == 0.0
    assert table.loc["linear", "multiply_adds"] == 440 * 10
    assert table.loc["lightgbm", "node_visits"] > 0
    assert (table["measured_us"] > 0).all()
    assert table["selected"].sum() == 1
    selected = Selection.read(finished_campaign.selection).selected
    assert table.loc[selected, "selected"]


def test_a_selection_is_read_as_it_was_written(finished_campaign) -> None:
    selection = Selection.read(finished_campaign.selection)
    assert selection.selected in ("linear", "lightgbm", "blend")
    assert set(selection.noise) == {"val_accuracy", "train_time_s"}
    assert isinstance(selection.noise["val_accuracy"], NoiseModel)
    assert set(selection.epistemic_scales) == {"mean", "linear", "lightgbm", "blend"}
    assert selection.epistemic_scales["linear"]["train_time_s"] > 0
    text = json.loads(finished_campaign.selection.read_text())
    assert text["noise"]["val_accuracy"]["slope"] == selection.noise["val_accuracy"].slope


def test_the_noise_is_that_of_the_development_replicates(finished_campaign) -> None:
    noise = Selection.read(finished_campaign.selection).noise["val_accuracy"]
    labels = read_labels(finished_campaign.development, TARGETS["val_accuracy"])
    assert noise.architectures == len(labels.replicates)
    assert noise.evaluations == labels.replicates.counts.sum()
    assert math.exp(noise.log_variance) == pytest.approx(labels.replicates.pooled_variance())
    assert math.sqrt(math.exp(noise.log_variance)) == pytest.approx(0.01, rel=0.5)


def test_without_replicates_noise_and_scales_are_unknown(
    campaign, finished_campaign, make_training, genotypes, tmp_path
) -> None:
    rng = np.random.default_rng(0)
    trainings = [make_training(genotype, 0, rng.uniform(0.5, 0.9)) for genotype in genotypes]
    campaign.write(trainings, [("a", genotype) for genotype in genotypes])
    campaign.split()
    campaign.records = finished_campaign.records
    files = predict(campaign, tmp_path, {"val_accuracy": {"linear": 0.01}})
    selection = decide(campaign, tmp_path, files)
    assert selection.noise == {"val_accuracy": None}
    assert selection.epistemic_scales == {"linear": {"val_accuracy": None}}
    zeros = np.zeros(3)
    assert selection.forecast("linear", "val_accuracy", zeros, zeros) is None
    assert set(pd.read_parquet(tmp_path / "scores.parquet")["metric"]) == set(METRICS)


def test_a_forecast_joins_noise_and_calibrated_disagreement() -> None:
    noise = NoiseModel(2 * math.log(0.01), 0.0, 10, 30)
    selection = Selection("a", {"a": "a"}, {"val_accuracy": noise}, {"a": {"val_accuracy": 4.0}})
    forecast = selection.forecast("a", "val_accuracy", np.array([0.9]), np.array([0.01**2]))
    assert forecast.noise_std[0] == pytest.approx(0.01)
    assert forecast.epistemic_std[0] == pytest.approx(0.02)
    assert forecast.std[0] == pytest.approx(math.hypot(0.01, 0.02))


def test_out_of_fold_scores_are_written_for_all(finished_campaign) -> None:
    table = pd.read_parquet(finished_campaign.scores)
    assert set(table["part"]) == {"out_of_fold"}
    assert {*zip(table["family"], table["target"], strict=True)} == set(finished_campaign.records)
    assert set(table["metric"]) == {*METRICS, "nll", "crps", "coverage_50", "coverage_90", "kl"}
    labels = read_labels(finished_campaign.development, TARGETS["val_accuracy"])
    record = finished_campaign.records["linear", "val_accuracy"]
    predicted = OutOfFold.read(record.with_suffix(".parquet"))
    assert predicted.architecture_ids == labels.architecture_ids
    [rmse] = table.query("family == 'linear' and target == 'val_accuracy' and metric == 'rmse'")[
        "score"
    ]
    assert rmse == pytest.approx(np.sqrt(((labels.values - predicted.mean) ** 2).mean()))


def test_the_selection_needs_no_test_part(finished_campaign, tmp_path) -> None:
    test = finished_campaign.test.read_bytes()
    finished_campaign.test.unlink()
    try:
        again = decide(finished_campaign, tmp_path, finished_campaign.records)
    finally:
        finished_campaign.test.write_bytes(test)
    assert again == Selection.read(finished_campaign.selection)
