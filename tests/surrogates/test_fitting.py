"""The fit stage's files."""

import dataclasses
import json

import numpy as np
import pytest

from nasforge.benchmark.targets import TARGETS, Scale
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.fitting import OutOfFold, fit_target, read_model
from nasforge.surrogates.labels import read_labels

BAGGING = Bagging(folds=5, repeats=2, seed=0)


@pytest.mark.parametrize("target", ["val_accuracy", "train_time_s"])
def test_files_hold_the_ensemble_and_what_it_says_out_of_fold(
    finished_campaign, target: str
) -> None:
    labels = read_labels(finished_campaign.development, TARGETS[target])
    fitted = fit_ensemble(FAMILIES["linear"], DARTS, labels, BAGGING, {})
    record = finished_campaign.records["linear", target]
    [part] = read_model(record).parts
    np.testing.assert_array_equal(part.predictor.weights, fitted.predictor.weights)
    np.testing.assert_array_equal(part.predictor.bias, fitted.predictor.bias)
    assert (part.name, part.encoding, part.weight) == ("linear", "features", 1.0)
    predictions = OutOfFold.read(record.with_suffix(".parquet"))
    assert predictions.architecture_ids == labels.architecture_ids
    np.testing.assert_array_equal(predictions.held_out, fitted.held_out)
    np.testing.assert_allclose(predictions.mean, fitted.held_out_mean)
    half_difference = np.ptp(fitted.held_out, axis=1) / 2
    np.testing.assert_allclose(predictions.member_variance, 2 * half_difference**2)
    assert json.loads(record.read_text())["settings"] == {"l2": 30.0}


@pytest.mark.parametrize("family", ["linear", "lightgbm"])
def test_the_same_input_gives_the_same_files(finished_campaign, tmp_path, family: str) -> None:
    settings = {"trees": 20, "link": "log_error"} if family == "lightgbm" else {}
    record = tmp_path / "val_accuracy.json"
    development = finished_campaign.development
    fit_target(DARTS, development, family, "val_accuracy", settings, BAGGING, record)
    first = finished_campaign.records[family, "val_accuracy"]
    for suffix in (".json", ".npz", ".parquet"):
        assert record.with_suffix(suffix).read_bytes() == first.with_suffix(suffix).read_bytes()


def test_on_a_link_labels_are_fitted_and_predictions_are_not(finished_campaign) -> None:
    labels = read_labels(finished_campaign.development, TARGETS["val_accuracy"])
    link = Scale("log_error")
    fitted = fit_ensemble(FAMILIES["linear"], DARTS, labels, BAGGING, {}, link)
    errors = dataclasses.replace(labels, values=np.log(1.0 - labels.values))
    plain = fit_ensemble(FAMILIES["linear"], DARTS, errors, BAGGING, {})
    np.testing.assert_array_equal(fitted.predictor.weights, plain.predictor.weights)
    np.testing.assert_allclose(fitted.held_out, 1.0 - np.exp(plain.held_out))
    [part] = read_model(finished_campaign.records["lightgbm", "val_accuracy"]).parts
    assert part.link == link
    # A time is predicted on its own logarithmic scale.
    [part] = read_model(finished_campaign.records["lightgbm", "train_time_s"]).parts
    assert part.link == Scale("identity")


def test_an_unknown_setting_leaves_no_file(finished_campaign, tmp_path) -> None:
    with pytest.raises(SurrogateError, match=r"families\.linear\.trees: unknown setting"):
        fit_target(
            DARTS,
            finished_campaign.development,
            *("linear", "val_accuracy", {"trees": 3}, BAGGING),
            tmp_path / "record.json",
        )
    assert list(tmp_path.iterdir()) == []
