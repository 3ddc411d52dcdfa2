"""Coverage, on a campaign whose optimizer stays near one network."""

import json

import numpy as np
import pandas as pd
import pytest
from simulated_campaign import write_campaign
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.space import DARTS
from nasforge.studies.coverage import (
    SPACE,
    TOP,
    CoverageOutputs,
    CoverageSources,
    study_coverage,
)
from nasforge.surrogates.fitting import OutOfFold


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("coverage")
    benchmark = nasforge.load(write_benchmark(folder, ("val_accuracy", "train_time_s")))
    rng = np.random.default_rng(0)
    drawn = [DARTS.sample(rng) for _ in range(40)]
    # Tpe stays three edits around one of the drawn networks.
    near = [drawn[0]]
    for _ in range(3):
        near.append(DARTS.mutate(near[-1], rng))
    tpe = [DARTS.mutate(near[-1], rng) for _ in range(10)]
    write_campaign(folder, {("random", "random"): [drawn], ("tpe", "tpe_a"): [tpe]})
    part = pd.read_parquet(folder / "development.parquet").sort_values("architecture_id")
    texts = part.drop_duplicates("architecture_id")["architecture"].tolist()
    ids = part["architecture_id"].drop_duplicates().tolist()
    predicted = benchmark.query_many([DARTS.parse(t) for t in texts])["val_accuracy"]
    # Out of fold, all that tpe found is far beyond the top region's threshold.
    mine = np.isin(ids, [DARTS.architecture_id(genotype) for genotype in tpe])
    OutOfFold(ids, np.stack([predicted + mine] * 2, axis=1)).write(folder / "linear.parquet")
    selection = {"selected": "linear", "exported": {}, "noise": {}, "epistemic_scales": {}}
    (folder / "selection.json").write_text(json.dumps(selection))
    best = {"optimizer": "bananas", "seed": 0, "rank": [1, 2], "value": 0.0}
    evaluated = [DARTS.format(DARTS.canonical(genotype)) for genotype in drawn[:2]]
    pd.DataFrame(best | {"architecture": evaluated}).to_parquet(folder / "best.parquet")
    outputs = CoverageOutputs(
        folder / "embedding.parquet", folder / "distances.parquet", folder / "summary.parquet",
        folder / "figure.png", folder / "finding.txt",
    )  # fmt: skip
    names = ("development", "evaluations", "proposals")
    study_coverage(
        DARTS,
        CoverageSources(
            folder / "tiny-v1",
            *(folder / f"{name}.parquet" for name in names),
            folder / "selection.json",
        ),
        {"linear": folder / "linear.parquet"},
        [folder / "best.parquet"],
        8,
        outputs,
    )
    embedded = pd.read_parquet(outputs.embedding)
    assert len(embedded) == len(ids)
    assert np.isfinite(embedded[["x", "y"]]).all(axis=None)
    assert outputs.figure.stat().st_size > 10_000
    assert "found by" not in outputs.finding.read_text()
    return pd.read_parquet(outputs.summary).set_index("group")


def test_distances_are_to_networks_of_others(summary: pd.DataFrame) -> None:
    # Its own networks are one or two edits apart, and do not count.
    assert 3 <= summary.loc["tpe", "mean_distance"] <= 4
    assert summary.loc["random", "mean_distance"] > 6
    assert summary.loc["found by bananas", "mean_distance"] == 0
    assert summary.loc[SPACE, "mean_distance"] > 6
    assert list(summary["networks"]) == [8, 8, 8, 8, 2]


def test_the_share_of_the_top_region_is_by_out_of_fold_prediction(summary: pd.DataFrame) -> None:
    assert summary.loc["tpe", "top"] == 1.0
    assert summary.loc["random", "top"] < 0.2
    assert summary.loc[[SPACE, TOP], "top"].isna().all()
