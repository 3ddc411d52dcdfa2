"""A campaign whose outcomes are looked up among the trainings of another."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_campaign import Run

import nasforge

THE_SAME = [
    "architecture",
    "replicate",
    "seed",
    "status",
    "val_accuracy",
    "test_accuracy",
    "train_time_s",
    "params",
    "macs",
]

pytestmark = pytest.mark.slow


def replaying(finished: Run, folder: Path, **changes: Any) -> Run:
    """The finished campaign's config, replayed from its own trainings."""
    config = deepcopy(finished.config) | changes
    config["training"] |= {
        "evaluator": "replay",
        "replay": {"path": str(finished.results / "collect")},
    }
    return Run(folder, config)


def rows(run: Run) -> pd.DataFrame:
    table = pd.read_parquet(run.results / "collect/evaluations.parquet")
    return table.sort_values(["architecture_id", "replicate"], ignore_index=True)


def test_a_campaign_is_replayed_without_a_training(finished: Run, tmp_path: Path) -> None:
    run = replaying(finished, tmp_path)
    process = run.snakemake()
    assert process.returncode == 0, process.stdout + process.stderr
    assert set(rows(run)["evaluator"]) == {"replay"}
    assert not set(rows(run)["evaluation_id"]) & set(rows(finished)["evaluation_id"])
    pd.testing.assert_frame_equal(rows(run)[THE_SAME], rows(finished)[THE_SAME])
    assert not (run.results / "train").exists()
    assert [path.name for path in run.cache.iterdir()] == ["replay"]
    bench = nasforge.load(run.results / "export/darts-tiny-v1")
    assert bench.manifest.evaluator == "replay"


def test_what_the_trainings_lack_is_named(finished: Run, tmp_path: Path) -> None:
    run = replaying(finished, tmp_path)
    run.config["samplers"][0]["seed"] = 77
    process = run.snakemake("--", "results/tiny/collect/parts/evaluations/random-g0.parquet")
    said = process.stdout + process.stderr
    assert process.returncode == 1
    assert "training.replay.path has no training of normal:" in said
    assert "only samplers that propose what it holds can be replayed" in said
    assert not (run.results / "collect/parts").exists()
