"""The page shows what the files say, and only what is estimable."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.studies.page import PageSources, write_page

FAMILIES = ("linear", "gin")


def rows(**columns: object) -> list[dict]:
    """A row per family and metric; the ceiling of tau is not estimable."""
    return [
        {
            "target": "val_accuracy",
            "family": family,
            "metric": metric,
            "n": 77,
            "score": score + 0.01 * number,
            "low": score - 0.1,
            "high": score + 0.1,
            "ceiling": 0.8123,
            "table": 0.5,
            "estimable": metric != "kendall_tau",
            **columns,
        }
        for number, family in enumerate(FAMILIES)
        for metric, score in (("r2", 0.6), ("kendall_tau", 0.55), ("mae", 0.0123), ("nll", np.nan))
    ]


@pytest.fixture
def sources(tmp_path: Path) -> PageSources:
    files = {name: tmp_path / name for name in PageSources.__annotations__}
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
    pd.DataFrame(general).to_csv(files["generalization"])
    pd.DataFrame().to_csv(files["table"])
    files["table_finding"].write_text("A sentence.\n")
    pd.DataFrame(rows(sampler="probe")).to_csv(files["set_aside"])
    return PageSources(**files)


def test_scores_have_intervals_and_stand_above_what_bounds_them(
    sources: PageSources, tmp_path: Path
) -> None:
    write_page(sources, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "| n = 77 | r2 | mae | kendall_tau |" in page
    assert "| linear | 0.60 [0.50, 0.70] | 0.0123 [-0.0877, 0.1123] | 0.55 [0.45, 0.65] |" in page
    assert "| *ceiling* | 0.81 | 0.8123 | not estimable |" in page
    assert "| *one-run table* | 0.50 | 0.5000 | not estimable |" in page
    assert "| train_time_s | gin | 0.61 [0.50, 0.70] | 0.56 [0.45, 0.65] | 0.99, not" in page
    assert "| gin | 0.50000 | 0.50000 | 0.50000 | 0 | 0 | yes |" in page
    assert "A sentence." in page
    assert "### Set aside: probe" in page
    for line in page.splitlines():
        assert "nan" not in line


def test_a_page_without_set_aside_samplers(sources: PageSources, tmp_path: Path) -> None:
    files = {name: getattr(sources, name) for name in PageSources.__annotations__}
    write_page(PageSources(**files | {"set_aside": None}), tmp_path / "page.md")
    assert "Set aside" not in (tmp_path / "page.md").read_text()


def test_every_table_has_as_many_cells_in_every_row(sources: PageSources, tmp_path: Path) -> None:
    write_page(sources, tmp_path / "page.md")
    widths = []
    for line in (tmp_path / "page.md").read_text().splitlines():
        if line.startswith("|"):
            widths.append(line.count("|"))
        elif widths:
            assert len(set(widths)) == 1
            widths = []
