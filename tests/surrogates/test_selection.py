"""Selection, by out-of-fold predictions of the development part alone."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.manifest import NoiseModel
from nasforge.benchmark.targets import TARGETS
from nasforge.surrogates.fitting import read_out_of_fold
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.selection import Selection, select


def predict(campaign, tmp_path, errors: dict[str, dict[str, float]]) -> dict:
    """Files of out-of-fold predictions: the labels plus errors, by target and family."""
    files = {}
    for target, by_family in errors.items():
        labels = read_labels(campaign.development, TARGETS[target])
        for family, error in by_family.items():
            rng = np.random.default_rng(0)
            file = tmp_path / f"{family}.{target}.parquet"
            columns = {
                "architecture_id": labels.architecture_ids,
                "mean": labels.values + error * rng.standard_normal(len(labels)),
                "member_variance": np.full(len(labels), error**2),
            }
            pd.DataFrame(columns).to_parquet(file)
            files[family, target] = file
    return files


def decide(campaign, tmp_path, files: dict) -> Selection:
    select(campaign.development, files, tmp_path / "scores.parquet", tmp_path / "selection.json")
    return Selection.read(tmp_path / "selection.json")


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


def test_the_first_of_equals_wins(finished_campaign, tmp_path) -> None:
    files = predict(
        finished_campaign, tmp_path, {"val_accuracy": {"linear": 0.01, "lightgbm": 0.01}}
    )
    assert decide(finished_campaign, tmp_path, files).selected == "linear"


def test_a_selection_is_read_as_it_was_written(finished_campaign) -> None:
    selection = Selection.read(finished_campaign.selection)
    assert selection.selected in ("linear", "lightgbm")
    assert set(selection.noise) == {"val_accuracy", "train_time_s"}
    assert isinstance(selection.noise["val_accuracy"], NoiseModel)
    assert set(selection.epistemic_scales) == {"mean", "linear", "lightgbm"}
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
    campaign, make_training, genotypes, tmp_path
) -> None:
    rng = np.random.default_rng(0)
    trainings = [make_training(genotype, 0, rng.uniform(0.5, 0.9)) for genotype in genotypes]
    campaign.write(trainings, [("a", genotype) for genotype in genotypes])
    campaign.split()
    files = predict(campaign, tmp_path, {"val_accuracy": {"linear": 0.01}})
    selection = decide(campaign, tmp_path, files)
    assert selection.noise == {"val_accuracy": None}
    assert selection.epistemic_scales == {"linear": {"val_accuracy": None}}


def test_out_of_fold_scores_are_written_for_all(finished_campaign) -> None:
    table = pd.read_parquet(finished_campaign.scores)
    assert set(table["part"]) == {"out_of_fold"}
    assert {*zip(table["family"], table["target"], strict=True)} == set(finished_campaign.held_out)
    labels = read_labels(finished_campaign.development, TARGETS["val_accuracy"])
    predicted = read_out_of_fold(finished_campaign.held_out["linear", "val_accuracy"])
    assert predicted.architecture_ids == labels.architecture_ids
    [rmse] = table.query("family == 'linear' and target == 'val_accuracy' and metric == 'rmse'")[
        "score"
    ]
    assert rmse == pytest.approx(np.sqrt(((labels.values - predicted.mean) ** 2).mean()))


def test_the_selection_needs_no_test_part(finished_campaign, tmp_path) -> None:
    test = finished_campaign.test.read_bytes()
    finished_campaign.test.unlink()
    try:
        again = decide(finished_campaign, tmp_path, finished_campaign.held_out)
    finally:
        finished_campaign.test.write_bytes(test)
    assert again == Selection.read(finished_campaign.selection)
