"""README and every page: what it says to do is done, and what it links to is there."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from documents import PAGES, REPOSITORY, Page, Reader
from tiny_benchmark import TARGETS, write_benchmark

from nasforge.interop.nasbench301 import config_from_genotype
from nasforge.space import DARTS
from nasforge.space.darts.drawing import draw

QUICKSTART = "results/quickstart/export/darts-digits-v1"
RELEASE = "results/release/export/darts-cifar10-cpu-v1"
ELSEWHERE = {
    "docs/own_space.md": "tests/test_own_space.py",
    "docs/explorer.md": "tests/test_cli_explore.py",
}
"""Pages whose blocks another test runs."""

MADE = {
    "docs/query.md": {
        "cell.svg",
        "genotypes.txt",
        "answers.csv",
        "answers.parquet",
        "answers.json",
    },
    "docs/migrating.md": {"blackbox"},
    "docs/optimizers.md": {
        f"{table}{ending}"
        for table in ("trajectories", "two", "local")
        for ending in (".parquet", ".png")
    },
}
"""What following a page leaves in the folder, besides results/ and data/."""

READ = [page for page in map(Page, PAGES) if page.blocks("python", "bash")]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """In a clone where the quickstart and the release have run, with what pages import."""
    made = Reader(tmp_path / "clone")
    frozen = write_benchmark(tmp_path, TARGETS, surrogates=("linear", "xgboost"))
    for name in (QUICKSTART, RELEASE):
        shutil.copytree(frozen, made.folder / name)
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(4)]
    with (made.folder / "accuracies.csv").open("w", newline="") as stream:
        rows = [(DARTS.format(g), 0.9 + i / 100) for i, g in enumerate(genotypes)]
        csv.writer(stream).writerows([("arch", "val_accuracy"), *rows])
    for number, genotype in enumerate(genotypes):
        file = made.folder / "nb_301_v13" / "rs" / f"results_{number}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        config = config_from_genotype(genotype)
        info = [{"val_accuracy": 93.0 + number}]
        file.write_text(json.dumps({"optimized_hyperparamater_config": config, "info": info}))
    for site in ("berlin", "tokyo"):
        collected = made.folder / site / "results/c10/collect"
        shutil.copytree(REPOSITORY / "data/darts-cifar10-cpu", collected)
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_what_a_page_says_is_done(page: Page, reader: Reader) -> None:
    if page.name in ELSEWHERE:
        assert (REPOSITORY / ELSEWHERE[page.name]).exists()
        pytest.skip(f"its blocks are run by {ELSEWHERE[page.name]}")
    before = {path.name for path in reader.folder.iterdir()} | {"results", ".snakemake", ".venv"}
    reader.do(page)
    after = {path.name for path in reader.folder.iterdir()}
    if page.name in MADE:
        assert after - before == MADE[page.name]
    if page.name == "docs/query.md":
        assert len((reader.folder / "answers.csv").read_text().splitlines()) == 101
        assert len(reader.names["finals"]["local"]) == 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ("make benchmark CONFIG=config/none.yaml", "make"),
        ("make no-such-target", "no-such-target"),
        ("snakemake --cores 1 --configfile config/none.yaml", "none.yaml"),
        ("snakemake --cores 1 -- no_such_rule", "no_such_rule"),
        ("python -m pip install '.[no_such_extra]'", "no_such_extra"),
        ("python benchmarks/encoding_scores.py --no-such-option", "no-such-option"),
        ("nasforge query nowhere x", "nowhere"),
    ],
)
def test_a_reader_notices_what_is_wrong(commands: str, message: str, reader: Reader) -> None:
    page = reader.folder / "page.md"
    page.write_text(f"```bash\n{commands}\n```\n")
    with pytest.raises(AssertionError, match=message):
        reader.do(Page(page))


@pytest.mark.parametrize("page", [Page(path) for path in PAGES], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    for target, anchor in page.links():
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), target
        assert not anchor or anchor in Page(path).anchors(), f"{target}#{anchor}"


def test_the_picture_is_what_draw_draws() -> None:
    picture = (REPOSITORY / "docs/cell.svg").read_text()
    text = picture.split("<title>")[1].split("</title>")[0]
    assert picture == draw(DARTS.parse(text))
