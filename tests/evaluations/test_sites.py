"""Joining two sites: the same once, other results reported, foreign ones refused."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import printed, refused

from nasforge.errors import EvaluationsError
from nasforge.evaluations.folder import tables_in
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.sites import merge_sites
from nasforge.evaluations.tables import (
    PROPOSALS,
    Provenance,
    read_table,
    write_curves,
    write_evaluations,
    write_table,
)
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
OTHER = replace(RECIPE, epochs=3)
RECORD = DatasetSpec("digits", 8, 100, 50, 50).record({"digits": "00"})


@pytest.fixture
def rows(evaluation: Evaluation) -> list[Evaluation]:
    rng = np.random.default_rng(3)
    made = []
    for number in range(6):
        architecture = DARTS.canonical(DARTS.sample(rng))
        row = replace(
            evaluation,
            architecture=DARTS.format(architecture),
            architecture_id=DARTS.architecture_id(architecture),
            dataset_id=digest(RECORD),
            test_accuracy=0.5 + number / 100,
        )
        made.append(changed(row, recipe_id=RECIPE.recipe_id))
    return made


def changed(row: Evaluation, **changes: object) -> Evaluation:
    row = replace(row, **changes)
    return replace(row, evaluation_id=row.key.evaluation_id)


def site(folder: Path, rows: Sequence[Evaluation], sampler: str, first: int = 0) -> Path:
    paths = tables_in(folder)
    recipes = {recipe.recipe_id: recipe.record for recipe in (RECIPE, OTHER)}
    source = Provenance(recipes, {digest(RECORD): RECORD})
    write_evaluations(paths.evaluations, rows, source)
    write_curves(paths.curves, rows, source)
    proposals = [
        {
            "sampler": sampler,
            "optimizer": "random",
            "generation": 0,
            "position": first + position,
            "raw_architecture": row.architecture,
            "evaluation_id": row.evaluation_id,
        }
        for position, row in enumerate(rows)
    ]
    table = PROPOSALS.empty_table().from_pylist(proposals, schema=PROPOSALS)
    write_table(paths.proposals, table, "proposals", source)
    return folder


def ids(folder: Path) -> list[str]:
    table, _ = read_table(tables_in(folder).evaluations, "evaluations")
    return table["evaluation_id"].to_pylist()


def test_what_both_have_is_there_once(
    tmp_path: Path, rows: list[Evaluation], capsys: pytest.CaptureFixture[str]
) -> None:
    late = [replace(row, finished_at="2026-02-02T00:00:00+00:00", device="gpu") for row in rows]
    a, b = site(tmp_path / "a", rows[:4], "random"), site(tmp_path / "b", late[2:], "random", 2)
    output = printed(capsys, "merge", a, b, "-o", tmp_path / "ab")
    assert output.endswith("6 in all, 2 of them in several\n")
    assert ids(tmp_path / "ab") == [row.evaluation_id for row in rows]
    proposals, _ = read_table(tables_in(tmp_path / "ab").proposals, "proposals")
    assert proposals["position"].to_pylist() == list(range(6))
    curves, _ = read_table(tables_in(tmp_path / "ab").curves, "curves")
    assert len(curves) == 6 * 2


def test_other_results_are_a_conflict(
    tmp_path: Path, rows: list[Evaluation], capsys: pytest.CaptureFixture[str]
) -> None:
    a = site(tmp_path / "a", rows[:3], "random")
    b = site(tmp_path / "b", [replace(rows[2], val_accuracy=0.123), *rows[3:]], "random", 2)
    options = ("merge", a, b, "-o", tmp_path / "ab")
    message = refused(capsys, *options)
    assert "1 evaluations have other results at another site" in message
    assert rows[2].evaluation_id in message
    assert not (tmp_path / "ab").exists()
    report = json.loads(printed(capsys, *options, "--allow-conflicts", "--json"))
    assert report["conflicts"] == [rows[2].evaluation_id]
    table, _ = read_table(tables_in(tmp_path / "ab").evaluations, "evaluations")
    assert table["val_accuracy"].to_pylist() == [0.5] * 6


def test_a_failure_gives_way_to_a_success(tmp_path: Path, rows: list[Evaluation]) -> None:
    failed = replace(rows[0], status="failed", attempts=2, val_accuracy=float("nan"), curve=())
    a = site(tmp_path / "a", [failed], "random")
    b = site(tmp_path / "b", rows[:2], "random")
    assert merge_sites(DARTS, [a, b], tmp_path / "ab").conflicting == 0
    table, _ = read_table(tables_in(tmp_path / "ab").evaluations, "evaluations")
    assert table["status"].to_pylist() == ["ok", "ok"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe_id": OTHER.recipe_id}, "evaluations of several recipe_ids"),
        ({"evaluator": "simulate"}, r"evaluations of several evaluators \(train, simulate\)"),
    ],
)
def test_another_recipe_or_evaluator_is_refused(
    tmp_path: Path, rows: list[Evaluation], changes: dict[str, str], message: str
) -> None:
    a = site(tmp_path / "a", rows[:3], "random")
    b = site(tmp_path / "b", [changed(row, **changes) for row in rows[3:]], "other")
    with pytest.raises(EvaluationsError, match=message):
        merge_sites(DARTS, [a, b], tmp_path / "ab")
    assert not (tmp_path / "ab").exists()


def test_two_samplers_of_one_name_are_refused(tmp_path: Path, rows: list[Evaluation]) -> None:
    a, b = site(tmp_path / "a", rows[:3], "random"), site(tmp_path / "b", rows[3:], "random")
    with pytest.raises(EvaluationsError, match="'random' proposed two architectures as number 0"):
        merge_sites(DARTS, [a, b], tmp_path / "ab")


def test_an_output_that_is_there_stays(tmp_path: Path, rows: list[Evaluation]) -> None:
    a, b = site(tmp_path / "a", rows[:3], "a"), site(tmp_path / "b", rows[3:], "b")
    with pytest.raises(EvaluationsError, match="holds evaluations already"):
        merge_sites(DARTS, [a, b], a)
    assert ids(a) == [row.evaluation_id for row in rows[:3]]


def test_a_damaged_site_is_named(
    tmp_path: Path, rows: list[Evaluation], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = site(tmp_path / "a", rows[:3], "a"), site(tmp_path / "b", rows[3:], "b")
    file = b / "evaluations.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    assert f"{file}: not a nasforge table" in refused(capsys, "merge", a, b, "-o", tmp_path / "ab")
    assert "give two folders or more" in refused(capsys, "merge", a, "-o", tmp_path / "ab")


def test_the_cache_commands(
    tmp_path: Path, rows: list[Evaluation], capsys: pytest.CaptureFixture[str]
) -> None:
    from nasforge.evaluations.cache import EvaluationCache

    cache = EvaluationCache(tmp_path, "train", RECIPE.recipe_id)
    for row in [*rows[:4], replace(rows[4], status="failed")]:
        cache.put(row)
    assert printed(capsys, "cache", "compact", "--cache", tmp_path) == "4 evaluations packed\n"
    output = printed(capsys, "cache", "retry", "--cache", tmp_path)
    assert output.startswith("1 failed evaluations forgotten;")
    assert json.loads(printed(capsys, "cache", "retry", "--json", "--cache", tmp_path)) == {
        "forgotten": 0
    }
    assert len(list(cache.evaluations())) == 4
    assert "no folder" in refused(capsys, "cache", "retry", "--cache", tmp_path / "no")
