"""docs/query.md and docs/migrating.md, run from top to bottom on a small benchmark."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nasforge.space import DARTS
from nasforge.space.darts.drawing import draw

DOCS = Path(__file__).parents[2] / "docs"
BENCHMARK = "results/quickstart/export/darts-digits-v1"


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of every block, in order."""
    text = (DOCS / page).read_text()
    return re.findall(r"^```(\w+)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def shell(commands: str) -> None:
    """As a reader would, with this environment's programs first."""
    programs = Path(sys.executable).parent
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


@pytest.fixture
def place(tiny_benchmark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the tutorial's benchmark is."""
    folder = tmp_path / "reader"
    shutil.copytree(tiny_benchmark, folder / BENCHMARK)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("page", ["query.md", "migrating.md"])
def test_a_page_runs(page: str, place: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "tutorial"}
    for language, text in blocks(page):
        if language == "bash":
            shell(text)
        elif "syne_tune" not in text or find_spec("syne_tune"):
            exec(compile(text, page, "exec"), namespace)
    made = {path.name for path in place.iterdir()} - {"results"}
    if page == "query.md":
        assert made == {
            "cell.svg",
            "genotypes.txt",
            "answers.csv",
            "answers.parquet",
            "answers.json",
        }
        assert len((place / "answers.csv").read_text().splitlines()) == 101
        assert len(namespace["finals"]["local"]) == 10
    else:
        assert made == {"blackbox"}


def test_the_picture_is_what_draw_draws() -> None:
    picture = (DOCS / "cell.svg").read_text()
    text = re.search(r"<title>(.*)</title>", picture)[1]
    assert picture == draw(DARTS.parse(text))


def test_links_lead_somewhere() -> None:
    for page in ("query.md", "migrating.md"):
        text = (DOCS / page).read_text()
        for target, anchor in re.findall(r"\]\(([\w.]+\.md)(?:#([\w-]+))?\)", text):
            headings = re.findall(r"^#+ (.*)$", (DOCS / target).read_text(), flags=re.MULTILINE)
            slugs = {heading.lower().replace(" ", "-") for heading in headings}
            assert not anchor or anchor in slugs
