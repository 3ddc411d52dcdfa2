"""The released benchmark: made again from a part of its evaluations, and as it is shipped."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_campaign import REPOSITORY, Run, merged, succeed

import nasforge
from nasforge.benchmark.registry import find
from nasforge.benchmark.selftest import verify
from nasforge.optimizers import run
from nasforge.space import DARTS

NAME = "darts-cifar10-cpu-v1"
PUBLISHED = Path("data/darts-cifar10-cpu")
PARTS = ("random-g0", "random-g1", "re_a-g0", "ls_a-g1", "parameter_free-g0", "fresh-g0")
LARGEST = 5_000_000
"""Bytes of the shipped file."""

FEW = {"linear": {}, "lightgbm": {"trees": 10}, "xgboost": {"trees": 10}, "gin": {"epochs": 1}}
"""Settings of families that are fitted fast; the others are left out."""


def small_release() -> dict[str, Any]:
    """The release's config without studies, and with little to fit."""
    config: dict[str, Any] = {}
    for name in ("release.yaml", "release_tuned.json"):
        config = merged(config, yaml.safe_load((REPOSITORY / "config" / name).read_text()))
    config.pop("studies")
    surrogates = config["surrogates"] | {"folds": 2, "repeats": 2}
    families = surrogates["families"]
    surrogates["families"] = {name: families[name] | few for name, few in FEW.items()}
    return config | {"surrogates": surrogates}


def made(folder: Path, *options: str, **variables: str) -> Path:
    """The benchmark that some of the published evaluations make, in a folder of its own."""
    for table in ("evaluations", "curves", "proposals"):
        (folder / PUBLISHED / table).mkdir(parents=True)
        for part in PARTS:
            file = PUBLISHED / table / f"{part}.parquet"
            shutil.copy(REPOSITORY / file, folder / file)
    run = Run(folder, small_release())
    succeed(run, "--until", "export_benchmark", *options, variables=variables)
    return run.results / "export" / NAME


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.mark.slow
def test_the_same_evaluations_give_the_same_bytes(tmp_path: Path) -> None:
    first = made(tmp_path / "one")
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    again = made(tmp_path / "two", "--cores", "1", **elsewhere)
    assert digests(again) == digests(first)
    bench = nasforge.load(first)
    assert set(bench.manifest.surrogates) == set(small_release()["export"]["surrogates"])
    for name in bench.manifest.surrogates:
        assert (
            0.4 < nasforge.load(first, name).query(DARTS.from_vector([0] * 22)).val_accuracy < 0.7
        )


@pytest.fixture(scope="module")
def bench() -> nasforge.Benchmark:
    return nasforge.load(NAME)


def test_it_comes_with_the_package_in_one_small_file(bench: nasforge.Benchmark) -> None:
    assert NAME in nasforge.available()
    assert find(NAME).stat().st_size <= LARGEST
    assert bench.name == f"{NAME}/{bench.manifest.selected}"


def test_it_is_whole_and_answers_as_when_it_was_made(bench: nasforge.Benchmark) -> None:
    replayed = verify(find(NAME), DARTS)
    assert len(replayed) == len(bench.manifest.surrogates)
    assert {"forest", "gin"} <= set(bench.manifest.surrogates)


def test_its_best_known_network_is_as_good_as_it_says(bench: nasforge.Benchmark) -> None:
    best = bench.manifest.best_known
    answer = nasforge.load(NAME, best["surrogate"]).query(best["architecture"])
    assert answer.val_accuracy == pytest.approx(best["val_accuracy"], abs=1e-9)
    assert best["trained"] == pytest.approx(best["val_accuracy"], abs=0.03)


def test_it_was_made_from_the_published_evaluations(bench: nasforge.Benchmark) -> None:
    proposals = {row["sampler"] for row in bench.manifest.training_set["samplers"]}
    published = {file.stem.rpartition("-g")[0] for file in (REPOSITORY / PUBLISHED).rglob("*-g*")}
    assert proposals <= published


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
def test_pages_give_the_scores_that_it_has(bench: nasforge.Benchmark, page: str) -> None:
    """The scores of the best surrogate, with two digits."""
    text = (REPOSITORY / page).read_text()
    entry = bench.manifest.surrogates[bench.manifest.selected].targets["val_accuracy"]
    scores = {row["metric"]: row for row in entry.scores}
    for metric in ("r2", "kendall_tau"):
        for number in (scores[metric]["score"], scores[metric]["ceiling"]):
            assert re.search(rf"(?<!\d)0?{f'{number:.2f}'.removeprefix('0')}(?!\d)", text), metric
    evaluations = bench.manifest.training_set["campaign_evaluations"]
    assert re.search(f"{evaluations}|{evaluations:,}", text)


def test_the_first_screen_has_the_out_of_fold_scores_of_the_results_page(
    bench: nasforge.Benchmark,
) -> None:
    """They are not in the manifest."""
    page = (REPOSITORY / "docs/results.md").read_text()
    section = page.split("### Out of fold")[1]
    parts = bench.manifest.surrogates[bench.manifest.selected].targets["val_accuracy"].parts
    family = "blend" if len(parts) > 1 else parts[0].file.partition(".")[0]  # the page's name
    table = section.split("\n\n")[1]
    metrics = table.splitlines()[0].strip("| ").split(" | ")[1:]
    columns = {}
    for name in (family, "*ceiling*"):
        [row] = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", table, re.M)
        columns[name] = [cell.split()[0].removeprefix("0") for cell in row.split(" | ")]
    score, ceiling = columns.values()
    readme = (REPOSITORY / "README.md").read_text()
    for title, metric in (("R2", "r2"), ("Kendall tau", "kendall_tau")):
        column = metrics.index(metric)
        [row] = re.findall(rf"^\| {title} \| (.*) \|$", readme, re.M)
        assert row.split(" | ")[-2:] == [score[column], ceiling[column]]


def test_an_optimizer_runs_on_it_by_name() -> None:
    trajectory = run("random", NAME, budget=5, seed=1)
    assert trajectory.backend == nasforge.load(NAME).name
    assert len(trajectory) == 5
