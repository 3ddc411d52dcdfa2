"""The fit stage's files."""

import numpy as np
import pytest

from nasforge.benchmark.targets import TARGETS
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.fitting import fit_target, read_model, read_out_of_fold
from nasforge.surrogates.labels import read_labels

BAGGING = Bagging(folds=5, repeats=2, seed=0)


@pytest.mark.parametrize("target", ["val_accuracy", "train_time_s"])
def test_files_hold_the_ensemble_and_what_it_says_out_of_fold(
    finished_campaign, target: str
) -> None:
    labels = read_labels(finished_campaign.development, TARGETS[target])
    fitted = fit_ensemble(FAMILIES["linear"], DARTS, labels, BAGGING, {})
    model = read_model(finished_campaign.models["linear", target], "linear")
    np.testing.assert_array_equal(model.weights, fitted.predictor.weights)
    np.testing.assert_array_equal(model.bias, fitted.predictor.bias)
    predictions = read_out_of_fold(finished_campaign.held_out["linear", target])
    assert predictions.architecture_ids == labels.architecture_ids
    np.testing.assert_allclose(predictions.mean, fitted.held_out_mean)
    half_difference = np.ptp(fitted.held_out, axis=1) / 2
    np.testing.assert_allclose(predictions.member_variance, 2 * half_difference**2)


@pytest.mark.parametrize("family", ["linear", "lightgbm"])
def test_the_same_input_gives_the_same_files(finished_campaign, tmp_path, family: str) -> None:
    files = tmp_path / "model.npz", tmp_path / "predictions.parquet"
    settings = {"trees": 20} if family == "lightgbm" else {}
    args = family, "val_accuracy", settings, BAGGING
    fit_target(DARTS, finished_campaign.development, *args, *files)
    key = family, "val_accuracy"
    assert files[0].read_bytes() == finished_campaign.models[key].read_bytes()
    assert files[1].read_bytes() == finished_campaign.held_out[key].read_bytes()


def test_an_unknown_setting_leaves_no_file(finished_campaign, tmp_path) -> None:
    files = tmp_path / "model.npz", tmp_path / "predictions.parquet"
    with pytest.raises(SurrogateError, match=r"families\.linear\.trees: unknown setting"):
        fit_target(
            DARTS,
            finished_campaign.development,
            *("linear", "val_accuracy", {"trees": 3}, BAGGING),
            *files,
        )
    assert list(tmp_path.iterdir()) == []
