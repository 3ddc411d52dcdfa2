"""The test stage scores the very models that will be exported."""

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.model import Encoded
from nasforge.benchmark.targets import TARGETS
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.metrics import METRICS
from nasforge.surrogates.testing import score_test


@pytest.mark.parametrize("family", ["mean", "linear", "lightgbm", "blend"])
@pytest.mark.parametrize("target", ["val_accuracy", "train_time_s"])
def test_scores_are_those_of_the_models_on_the_test_part(
    finished_campaign, family: str, target: str
) -> None:
    labels = read_labels(finished_campaign.test, TARGETS[target])
    architectures = [DARTS.parse(text) for text in labels.architectures]
    model = read_model(finished_campaign.records[family, target])
    expected = model.predict(Encoded(DARTS, architectures)).mean(axis=1)
    query = f"family == '{family}' and target == '{target}'"
    predictions = pd.read_parquet(finished_campaign.test_predictions).query(query)
    np.testing.assert_allclose(predictions["prediction"], expected)
    np.testing.assert_array_equal(predictions["label"], labels.values)
    assert predictions["architecture_id"].tolist() == labels.architecture_ids
    assert predictions["stratum"].tolist() == labels.strata
    scores = pd.read_parquet(finished_campaign.test_scores).query(query).set_index("metric")
    assert set(scores["part"]) == {"test"}
    for name in ("r2", "rmse", "mae"):
        assert scores.loc[name, "score"] == pytest.approx(METRICS[name](labels.values, expected))


def test_every_first_training_has_its_place_in_its_forecast(finished_campaign) -> None:
    query = "family == 'linear' and target == 'val_accuracy'"
    rows = pd.read_parquet(finished_campaign.test_predictions).query(query)
    labels = read_labels(finished_campaign.test, TARGETS["val_accuracy"])
    assert rows["pit"].between(0, 1).all()
    above = labels.first > rows["prediction"].to_numpy()
    np.testing.assert_array_equal(rows["pit"] > 0.5, above)
    scores = pd.read_parquet(finished_campaign.test_scores).query(query).set_index("metric")
    inside = rows["pit"].between(0.05, 0.95).mean()
    assert scores.loc["coverage_90", "score"] == pytest.approx(inside)


def test_no_test_architecture_is_in_the_development_part(finished_campaign) -> None:
    parts = [
        set(pd.read_parquet(file)["architecture_id"])
        for file in (finished_campaign.development, finished_campaign.test)
    ]
    assert len(parts[0] | parts[1]) == len(parts[0]) + len(parts[1]) == 39


def test_a_test_part_that_is_not_trained_yet_is_said_to_be(finished_campaign, tmp_path) -> None:
    empty = tmp_path / "test.parquet"
    pd.read_parquet(finished_campaign.test).iloc[:0].to_parquet(empty)
    files = (finished_campaign.development, finished_campaign.selection, finished_campaign.records)
    with pytest.raises(SurrogateError, match=r"the test part is empty: .* train it first"):
        score_test(DARTS, empty, *files, tmp_path / "scores", tmp_path / "predictions")


def test_a_target_that_the_test_part_does_not_know_is_not_scored(
    finished_campaign, tmp_path, caplog
) -> None:
    strange = tmp_path / "test.parquet"
    pd.read_parquet(finished_campaign.test).assign(train_time_s=np.nan).to_parquet(strange)
    files = (finished_campaign.development, finished_campaign.selection, finished_campaign.records)
    score_test(DARTS, strange, *files, tmp_path / "scores", tmp_path / "predictions")
    assert set(pd.read_parquet(tmp_path / "scores")["target"]) == {"val_accuracy"}
    assert "train_time_s of the test part is unknown" in caplog.text
