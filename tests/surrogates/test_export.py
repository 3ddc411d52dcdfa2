"""From evaluations to a benchmark that answers queries as the scored models do."""

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import nasforge
from nasforge.benchmark.model import Encoded
from nasforge.benchmark.rounding import rounded
from nasforge.benchmark.selftest import verify
from nasforge.benchmark.targets import TARGETS
from nasforge.space import DARTS
from nasforge.surrogates.describing import ExportSources, ExportSpec
from nasforge.surrogates.export import export
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.selection import Selection

SPEC = ExportSpec("darts-test", 2, "Synthetic evaluations.", "CC0-1.0")


def export_to(campaign, folder: Path, spec: ExportSpec = SPEC) -> Path:
    sources = ExportSources(
        campaign.evaluations,
        campaign.proposals,
        campaign.development,
        campaign.machines,
        campaign.selection,
        campaign.test_scores,
        campaign.test_predictions,
    )
    return export(DARTS, spec, sources, campaign.records, folder)


@pytest.fixture(scope="module")
def exported(finished_campaign, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_to(finished_campaign, tmp_path_factory.mktemp("export"))


@pytest.mark.parametrize("family", ["mean", "linear", "lightgbm", "blend"])
def test_queries_answer_as_the_scored_models(
    finished_campaign, exported: Path, genotypes, family: str
) -> None:
    bench = nasforge.load(exported, surrogate=family)
    answers = bench.query_many(genotypes)
    encoded = Encoded(DARTS, genotypes)
    for target in ("val_accuracy", "train_time_s"):
        model = read_model(finished_campaign.records[family, target])
        expected = TARGETS[target].natural(model.predict(encoded).mean(axis=1))
        np.testing.assert_allclose(answers[target], expected, rtol=1e-12)


def test_some_are_exported_under_names_of_their_own(
    finished_campaign, exported: Path, genotypes, tmp_path: Path
) -> None:
    selection = Selection.read(finished_campaign.selection)
    names = {"forest": "lightgbm", "both": "blend"}
    chosen = dataclasses.replace(selection, selected="blend", exported=names)
    (tmp_path / "selection.json").write_text(json.dumps(dataclasses.asdict(chosen)))
    campaign = SimpleNamespace(**vars(finished_campaign))
    campaign.selection = tmp_path / "selection.json"
    folder = export_to(campaign, tmp_path)
    assert len(verify(folder, DARTS)) == 2
    manifest = json.loads((folder / "manifest.json").read_text())
    assert list(manifest["surrogates"]) == ["forest", "both"]
    assert manifest["selected"] == manifest["best_known"]["surrogate"] == "both"
    parts = [
        part for m in manifest["surrogates"]["both"]["targets"].values() for part in m["parts"]
    ]
    needed = {part["file"] for part in parts}
    needed |= {f"lightgbm.{target}.npz" for target in manifest["targets"]}
    assert {path.name for path in folder.glob("*.*.npz")} == needed
    assert set(manifest["encodings"]) == {part["encoding"] for part in parts} | {
        manifest["surrogates"]["forest"]["targets"]["val_accuracy"]["parts"][0]["encoding"]
    }
    for name, surrogate in names.items():
        answers = nasforge.load(folder, surrogate=name).query_many(genotypes)
        expected = nasforge.load(exported, surrogate=surrogate).query_many(genotypes)
        np.testing.assert_array_equal(answers["val_accuracy"], expected["val_accuracy"])


def test_the_benchmark_verifies(exported: Path) -> None:
    assert exported.name == "darts-test-v2"
    assert len(verify(exported, DARTS)) == 4


def test_the_selected_family_answers_by_default(finished_campaign, exported: Path) -> None:
    selection = Selection.read(finished_campaign.selection)
    bench = nasforge.load(exported)
    assert bench.surrogate == selection.selected
    answer = bench.query(DARTS.from_vector([0] * 22))
    assert answer.noise_std == pytest.approx(
        np.exp(selection.noise["val_accuracy"].log_variance / 2)
    )
    assert answer.test_accuracy is None


def test_exporting_twice_gives_the_same_bytes(
    finished_campaign, exported: Path, tmp_path: Path
) -> None:
    again = export_to(finished_campaign, tmp_path)
    files = {path.name: path.read_bytes() for path in exported.iterdir()}
    assert {path.name: path.read_bytes() for path in again.iterdir()} == files


def test_nothing_in_it_tells_when_or_where_it_was_made(exported: Path) -> None:
    for file in ("manifest.json", "CARD.md"):
        text = (exported / file).read_text()
        assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d", text)
        assert str(exported.parent) not in text


def test_the_manifest_holds_what_the_stages_found(finished_campaign, exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    selection = Selection.read(finished_campaign.selection)
    for target, entry in manifest["targets"].items():
        assert entry["noise"] == rounded(dataclasses.asdict(selection.noise[target]))
    scores = pd.read_parquet(finished_campaign.test_scores)
    for family, surrogate in manifest["surrogates"].items():
        for target, model in surrogate["targets"].items():
            assert model["epistemic_scale"] == rounded(selection.epistemic_scales[family][target])
            rows = scores[(scores["family"] == family) & (scores["target"] == target)]
            assert [row["metric"] for row in model["scores"]] == rows["metric"].tolist()
            for row, score in zip(model["scores"], rows["score"], strict=True):
                assert row["score"] == (None if np.isnan(score) else rounded(score))
    training = manifest["training_set"]
    assert (training["campaign_evaluations"], training["campaign_architectures"]) == (59, 39)
    development = pd.read_parquet(finished_campaign.development)
    assert training["evaluations"] == len(development) < 59
    assert training["architectures"] == development["architecture_id"].nunique() < 39
    assert training["samplers"] == [
        {"sampler": "a", "optimizer": "random", "proposals": 25},
        {"sampler": "b", "optimizer": "random", "proposals": 16},
    ]
    machine = {
        "name": "cpu, a processor, torch, fp32",
        "trainings": len(development),
        "factor": 1.0,
    }
    assert training["machines"] == [machine]
    assert training["held_out_samplers"] == ["a", "b"]
    assert manifest["recipe"]["epochs"] == 2
    assert manifest["network"]["classes"] == 10
    assert manifest["licence"] == SPEC.licence
    assert f"Licence: {SPEC.licence}. Cite as: " in (exported / "CARD.md").read_text()


def test_the_best_known_architecture_has_the_best_prediction(exported: Path, genotypes) -> None:
    bench = nasforge.load(exported)
    best = bench.manifest.best_known
    predictions = bench.query_many(genotypes[:-1])["val_accuracy"]
    assert best["val_accuracy"] == pytest.approx(predictions.max(), rel=1e-12)
    assert bench.query(best["architecture"]).val_accuracy == pytest.approx(best["val_accuracy"])
    ids = {DARTS.architecture_id(genotype) for genotype in genotypes}
    assert DARTS.architecture_id(DARTS.parse(best["architecture"])) in ids


def test_the_best_known_architecture_comes_with_its_trainings(
    finished_campaign, exported: Path
) -> None:
    best = json.loads((exported / "manifest.json").read_text())["best_known"]
    rows = pd.read_parquet(finished_campaign.evaluations).query("status == 'ok'")
    own = rows.loc[rows["architecture"] == best["architecture"], "val_accuracy"]
    assert best["trained"] == pytest.approx(own.mean())
    assert best["trainings"] == len(own) >= 1


def test_what_was_learnt_is_supported(finished_campaign, exported: Path, genotypes) -> None:
    bench = nasforge.load(exported)
    learnt = pd.read_parquet(finished_campaign.development)["architecture"].unique()
    assert (bench.support(learnt) == 1.0).all()
    assert bench.support(genotypes).min() < 1.0


def test_other_names_and_versions_draw_other_noise(
    finished_campaign, exported: Path, tmp_path: Path
) -> None:
    specs = (dataclasses.replace(SPEC, version=3), dataclasses.replace(SPEC, name="darts-other"))
    folders = [exported, *(export_to(finished_campaign, tmp_path, spec) for spec in specs)]
    keys = {nasforge.load(folder).manifest.noise_key for folder in folders}
    assert len(keys) == 3
