"""Learning curves: from the campaign's curves to a benchmark that answers with one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import nasforge
from nasforge.benchmark import Prediction
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.model import Encoded
from nasforge.benchmark.selftest import verify
from nasforge.errors import BenchmarkFormatError, NasforgeError, SurrogateError
from nasforge.evaluations.tables import CURVES, Provenance, write_table
from nasforge.space import DARTS
from nasforge.surrogates import scores
from nasforge.surrogates.curves import (
    CurveSources,
    CurveSpec,
    curve_scores,
    fit_curve,
    read_curve_model,
    read_curves,
)
from nasforge.surrogates.describing import ExportSources, ExportSpec
from nasforge.surrogates.ensemble import Bagging
from nasforge.surrogates.export import export

EPOCHS = 6
BAGGING = Bagging(5, 2, 0)


@pytest.fixture(scope="module")
def curves_file(finished_campaign, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shapes of curves, mixed by the number of skips, on top of the last accuracy."""
    rng = np.random.default_rng(0)
    points = []
    for part in (finished_campaign.development, finished_campaign.test):
        for row in pd.read_parquet(part).to_dict("records"):
            skips = row["architecture"].count("skip_connect")
            below = 0.3 + 0.02 * skips * np.linspace(1, -1, EPOCHS)
            below = below * np.linspace(1, 0, EPOCHS) + 0.002 * rng.standard_normal(EPOCHS)
            below[-1] = 0.0
            for epoch in range(EPOCHS):
                point = dict.fromkeys(CURVES.names, 0.0)
                accuracy = row["val_accuracy"] - below[epoch]
                point |= {"evaluation_id": row["evaluation_id"], "epoch": epoch + 1}
                points.append(point | {"val_accuracy": accuracy})
    file = tmp_path_factory.mktemp("curves") / "curves.parquet"
    table = pa.Table.from_pylist(points, schema=CURVES)
    write_table(file, table, "curves", Provenance({}, {}))
    return file


@pytest.fixture(scope="module")
def record(finished_campaign, curves_file: Path) -> Path:
    record = curves_file.with_name("curve.json")
    sources = CurveSources(finished_campaign.development, curves_file)
    fit_curve(DARTS, sources, CurveSpec("linear", 2), {"l2": 1.0}, BAGGING, record)
    return record


def test_rows_and_curves_belong_together(finished_campaign, curves_file: Path) -> None:
    rows, curves = read_curves(CurveSources(finished_campaign.development, curves_file))
    assert curves.shape == (len(rows), EPOCHS)
    np.testing.assert_allclose(curves[:, -1], rows["val_accuracy"])


def test_components_are_orthonormal_and_predict_the_curves(
    finished_campaign, curves_file: Path, record: Path
) -> None:
    model = read_curve_model(record)
    assert model.epochs == EPOCHS
    np.testing.assert_allclose(model.components @ model.components.T, np.eye(2), atol=1e-12)
    rows, curves = read_curves(CurveSources(finished_campaign.development, curves_file))
    encoded = Encoded(DARTS, [DARTS.parse(text) for text in rows["architecture"]])
    predicted = model.predict(encoded, rows["val_accuracy"].to_numpy())
    np.testing.assert_array_equal(predicted[:, -1], rows["val_accuracy"])
    error = np.abs(predicted - curves).mean(axis=0)
    spread = np.abs(curves - curves.mean(axis=0)).mean(axis=0)
    assert (error[:3] < 0.6 * spread[:3]).all()


def test_some_epochs_are_scored(
    finished_campaign, curves_file: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "BOOTSTRAPS", 10)
    monkeypatch.setattr(scores, "CEILING_DRAWS", 10)
    sources = CurveSources(finished_campaign.test, curves_file)
    rows, curves = read_curves(sources)
    labels = rows.assign(row=range(len(rows))).groupby("architecture_id")["row"].first()
    table = curve_scores(sources, finished_campaign.development, curves[labels])
    assert set(table["target"]) == {f"val_accuracy@{epoch}" for epoch in range(1, EPOCHS)}
    assert set(table["family"]) == {"curve"}
    assert (table[table["metric"] == "mae"]["score"] < 0.01).all()


def test_more_components_than_epochs_are_refused(finished_campaign, curves_file: Path) -> None:
    sources = CurveSources(finished_campaign.development, curves_file)
    with pytest.raises(SurrogateError, match="6 is more than the 5 epochs"):
        fit_curve(DARTS, sources, CurveSpec("linear", 6), {}, BAGGING, Path("unused"))


def test_a_training_without_a_curve_is_named(
    finished_campaign, curves_file: Path, tmp_path: Path
) -> None:
    rows = pd.read_parquet(finished_campaign.development)
    rows.loc[3, "evaluation_id"] = "0" * 16
    rows.to_parquet(tmp_path / "part.parquet")
    with pytest.raises(SurrogateError, match=r"1 of \d+ evaluations have no full learning curve"):
        read_curves(CurveSources(tmp_path / "part.parquet", curves_file))


def test_a_benchmark_answers_with_a_curve(
    finished_campaign, record: Path, genotypes, tmp_path: Path
) -> None:
    campaign = finished_campaign
    table = pd.read_parquet(campaign.test_scores)
    extra = table.head(2).assign(family="curve", target="val_accuracy@1")
    pd.concat([table, extra]).to_parquet(tmp_path / "scores.parquet")
    sources = ExportSources(
        *(campaign.evaluations, campaign.proposals, campaign.development),
        *(campaign.machines, campaign.selection),
        tmp_path / "scores.parquet",
        campaign.test_predictions,
    )
    spec = ExportSpec("darts-curves", 1, "Synthetic.", "CC0-1.0")
    folder = export(DARTS, spec, sources, campaign.records, tmp_path, record)
    verify(folder, DARTS)
    bench = nasforge.load(folder)
    assert [row["target"] for row in bench.manifest.curve.scores] == ["val_accuracy@1"] * 2
    curve = bench.curve(genotypes[0])
    assert curve.shape == (EPOCHS,)
    assert curve[-1] == pytest.approx(bench.query(genotypes[0]).val_accuracy)
    encoded = Encoded(DARTS, genotypes[:1])
    expected = read_curve_model(record).predict(encoded, curve[-1:])[0]
    np.testing.assert_allclose(curve, expected)
    np.testing.assert_allclose(bench.curve(DARTS.format(genotypes[0])), curve)
    early, whole = bench.query(genotypes[0], epoch=2), bench.query(genotypes[0])
    assert early.val_accuracy == pytest.approx(curve[1])
    assert early.train_time_s == pytest.approx(whole.train_time_s * 2 / EPOCHS)
    assert (early.params, early.noise_std) == (whole.params, None)
    assert bench.query(genotypes[0], epoch=EPOCHS, targets=["val_accuracy"]) == Prediction(
        val_accuracy=pytest.approx(whole.val_accuracy)
    )
    for wrong in (0, EPOCHS + 1, True, 1.5):
        with pytest.raises(NasforgeError, match=f"epoch: {wrong} must be an integer from 1 to 6"):
            bench.query(genotypes[0], epoch=wrong)
    with pytest.raises(NasforgeError, match="noise of single epochs"):
        bench.query(genotypes[0], epoch=2, noise_seed=1)
    with pytest.raises(NasforgeError, match="noise_std of an epoch is not predicted"):
        bench.query(genotypes[0], epoch=2, targets=["noise_std"])
    files = {path.name for path in folder.glob("curve.*")}
    assert files == {"curve.basis.npz", "curve.0.npz", "curve.1.npz"}


def test_a_benchmark_without_curves_says_so(finished_campaign, genotypes, tmp_path: Path) -> None:
    campaign = finished_campaign
    sources = ExportSources(
        *(campaign.evaluations, campaign.proposals, campaign.development),
        *(campaign.machines, campaign.selection),
        campaign.test_scores,
        campaign.test_predictions,
    )
    spec = ExportSpec("darts-plain", 1, "Synthetic.", "CC0-1.0")
    bench = nasforge.load(export(DARTS, spec, sources, campaign.records, tmp_path))
    with pytest.raises(NasforgeError, match="darts-plain-v1 was made without learning curves"):
        bench.curve(genotypes[0])


@pytest.mark.parametrize(
    ("mean", "components"),
    [
        (np.zeros(3), np.zeros((1, 2))),
        (np.zeros(3), np.zeros((2, 3))),
        (np.array([0.0, np.nan]), np.zeros((1, 2))),
        (np.zeros(2, np.float32), np.zeros((1, 2))),
    ],
)
def test_a_malformed_basis_is_refused(mean: np.ndarray, components: np.ndarray) -> None:
    with pytest.raises(BenchmarkFormatError, match="curve"):
        CurveModel(mean, components, (None,))
