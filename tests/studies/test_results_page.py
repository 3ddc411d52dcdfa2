"""The page shows what the files say, and only what is estimable."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.studies.results_page import ResultsSources, Study, write_results

FAMILIES = ("linear", "gin")
MANIFEST = {
    "name": "darts-x",
    "version": 3,
    "description": "Cells.",
    "surrogates": {"forest": {}, "gin": {}},
    "selected": "forest",
    "best_known": {"architecture": "normal:x", "val_accuracy": 0.9123, "surrogate": "forest"},
    "training_set": {
        "evaluations": 60,
        "architectures": 50,
        "campaign_evaluations": 90,
        "campaign_architectures": 70,
        "campaign_train_time_s": 9000.0,
        "samplers": [
            {"sampler": "random", "optimizer": "random", "proposals": 40},
            {"sampler": "re_a", "optimizer": "regularized_evolution", "proposals": 30},
        ],
    },
}


VALUES = {
    "r2": 0.6,
    "kendall_tau": 0.55,
    "mae": 0.0123,
    "rmse": 0.0234,
    "nll": np.nan,
    "crps": 0.3,
    "kl": 0.25,
}


def rows(**columns: object) -> list[dict]:
    """A row per family and metric; the ceiling of tau is not estimable."""
    return [
        {
            "target": "val_accuracy",
            "family": family,
            "metric": metric,
            "n": 7 if metric == "kl" else 77,
            "score": score + 0.01 * number,
            "low": score - 0.1,
            "high": score + 0.1,
            "ceiling": 0.8123,
            "table": 0.5,
            "estimable": metric != "kendall_tau",
            **columns,
        }
        for number, family in enumerate(FAMILIES)
        for metric, score in VALUES.items()
    ]


@pytest.fixture
def sources(tmp_path: Path) -> ResultsSources:
    files = {name: tmp_path / name for name in ResultsSources.__annotations__}
    other = rows(target="train_time_s", ceiling=0.99)
    for name in ("scores", "test_scores"):
        pd.DataFrame(rows() + other).to_parquet(files[name])
    names = ["rmse", "behind_best", "standard_error", "nominal_us", "measured_us"]
    candidates = [
        {"surrogate": f, "selected": f == "gin", **dict.fromkeys(names, 0.5)} for f in FAMILIES
    ]
    pd.DataFrame(candidates).to_csv(files["candidates"])
    general = [
        row
        for scheme, group, trained in (("size", "50", 50), ("without", "re_a", 70))
        for row in rows(scheme=scheme, group=group, trained=trained)
    ]
    general += rows(scheme="region", group="top", trained=70)
    general += rows(scheme="distance", group="1 edit", trained=70)
    pd.DataFrame(general).to_parquet(files["generalization"])
    pd.DataFrame(rows(sampler="probe")).to_parquet(files["set_aside"])
    files["manifest"].write_text(json.dumps(MANIFEST))
    return ResultsSources(**files)


@pytest.fixture
def studies(tmp_path: Path) -> list[Study]:
    for name in ("runs", "scatter"):
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    (tmp_path / "runs.txt").write_text("A sentence.\n")
    return [
        Study("Scatter", tmp_path / "scatter.png"),
        Study("Long runs", tmp_path / "runs.png", tmp_path / "runs.txt"),
    ]


def test_scores_have_intervals_and_stand_above_what_bounds_them(
    sources: ResultsSources, studies: list[Study], tmp_path: Path
) -> None:
    write_results(sources, studies, tmp_path / "page")
    page = (tmp_path / "page/results.md").read_text()
    assert "| n = 77 | r2 | mae | rmse | kendall_tau |" in page
    errors = "0.0123 [-0.0877, 0.1123] | 0.0234 [-0.0766, 0.1234]"
    assert f"| linear | 0.60 [0.50, 0.70] | {errors} | 0.55 [0.45, 0.65] |" in page
    assert "| *ceiling* | 0.81 | 0.8123 | 0.8123 | not estimable |" in page
    assert "| *one-run table* | 0.50 | 0.5000 | 0.5000 | not estimable |" in page
    assert "| n = 77 | nll | crps | kl (n = 7) |" in page
    assert "kl only on architectures with 3 or more trainings" in page
    assert "| train_time_s | gin | 77 | 0.61 [0.50, 0.70] | 0.56 [0.45, 0.65] | 0.99, not" in page
    assert "| gin | 0.50000 | 0.50000 | 0.50000 | 0 | 0 | yes |" in page
    assert "### Set aside: probe" in page
    for line in page.splitlines():
        assert "nan" not in line


def test_it_says_what_was_made_from_what(
    sources: ResultsSources, studies: list[Study], tmp_path: Path
) -> None:
    write_results(sources, studies, tmp_path / "page")
    page = (tmp_path / "page/results.md").read_text()
    assert page.startswith("# Results: darts-x-v3\n")
    assert "90 evaluations of 70 architectures, 2.5 hours of training" in page
    assert "learnt from 60 of 50." in page
    assert "40 by random, 30 by re_a" in page
    assert "selected out of fold: forest" in page
    assert "the prediction of forest (0.9123): `normal:x`" in page


def test_every_study_has_its_figure_beside_the_page(
    sources: ResultsSources, studies: list[Study], tmp_path: Path
) -> None:
    write_results(sources, studies, tmp_path / "page")
    page = (tmp_path / "page/results.md").read_text()
    assert "### Scatter\n\n![Scatter](figures/scatter.png)\n" in page
    assert "### Long runs\n\nA sentence.\n\n![Long runs](figures/runs.png)\n" in page
    figures = {file.name: file.read_bytes() for file in (tmp_path / "page/figures").iterdir()}
    assert figures == {"runs.png": b"runs", "scatter.png": b"scatter"}


def test_a_page_without_set_aside_samplers(
    sources: ResultsSources, studies: list[Study], tmp_path: Path
) -> None:
    write_results(replace(sources, set_aside=None), studies, tmp_path / "page")
    assert "Set aside" not in (tmp_path / "page/results.md").read_text()
