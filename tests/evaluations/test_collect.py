"""Collecting: one row per evaluation, and nothing that would poison what follows."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.collect import (
    Shard,
    collect_campaign,
    collect_generation,
)
from nasforge.evaluations.folder import TablePaths
from nasforge.evaluations.proposals import Proposal, write_proposals
from nasforge.evaluations.schema import Evaluation, EvaluationKey
from nasforge.evaluations.tables import (
    Provenance,
    read_table,
    write_curves,
    write_evaluations,
)
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
OTHER_RECIPE = dataclasses.replace(RECIPE, epochs=3)
SPEC, OTHER_SPEC = (DatasetSpec("digits", 8, number, 50, 50) for number in (100, 200))
PROVENANCE = Provenance(
    {recipe.recipe_id: recipe.record for recipe in (RECIPE, OTHER_RECIPE)},
    {spec.dataset_id({}): spec.record({}) for spec in (SPEC, OTHER_SPEC)},
)
GENOTYPES = [DARTS.from_vector([operation] + [0] * 21) for operation in range(6)]


KINDS = ("evaluations", "curves", "proposals")


class Campaign:
    """A folder of generations, each with shards and proposals, and their collection."""

    def __init__(self, folder: Path, template: Evaluation) -> None:
        self.folder = folder
        self.template = template
        self.shards: list[Shard] = []
        self.parts: list[TablePaths] = []
        self.outputs = self.paths("out")

    def paths(self, name: str) -> TablePaths:
        return TablePaths(*(self.folder / name / f"{kind}.parquet" for kind in KINDS))

    def evaluation(self, number: int, replicate: int = 0, **changes: Any) -> Evaluation:
        """Of GENOTYPES[number]."""
        ids = {"recipe_id": RECIPE.recipe_id, "dataset_id": SPEC.dataset_id({}), **changes}
        genotype = GENOTYPES[number]
        row = dataclasses.replace(
            self.template,
            architecture=DARTS.format(DARTS.canonical(genotype)),
            architecture_id=DARTS.architecture_id(genotype),
            replicate=replicate,
            **ids,
        )
        return dataclasses.replace(row, evaluation_id=row.key.evaluation_id)

    def failed(self, number: int, status: str = "failed") -> Evaluation:
        return self.evaluation(
            number, status=status, error="OSError: gone", val_accuracy=math.nan, curve=()
        )

    def add(self, evaluations: Sequence[Evaluation]) -> None:
        """A shard of the generation at hand."""
        number = len(self.shards)
        shard = Shard(*(self.folder / f"shard{number}.{kind}.parquet" for kind in KINDS[:2]))
        write_evaluations(shard.evaluations, evaluations, PROVENANCE)
        write_curves(shard.curves, evaluations, PROVENANCE)
        self.shards.append(shard)

    def propose(self, sampler: str, texts: Sequence[str]) -> None:
        """The proposals of the generation at hand, which ends it: it is made a part."""
        file = self.folder / f"{sampler}.csv"
        write_proposals(
            file,
            [Proposal(sampler, "random", 0, i, 0, text) for i, text in enumerate(texts)],
        )
        part = self.paths(f"part{len(self.parts)}")
        collect_generation(DARTS, self.shards, file, part, RECIPE.recipe_id, SPEC.dataset_id({}))
        self.parts.append(part)
        self.shards = []

    def generation(self, sampler: str, *shards: Sequence[Evaluation]) -> None:
        """A part: these shards, the replicates 0 among them proposed."""
        for rows in shards:
            self.add(rows)
        rows = [row for shard in shards for row in shard if row.replicate == 0]
        self.propose(sampler, list(dict.fromkeys(row.architecture for row in rows)))

    def collect(self, max_failed_fraction: float = 0.1) -> dict[str, list[dict[str, Any]]]:
        """Collect, and read the three tables."""
        collect_campaign(self.parts, self.outputs, max_failed_fraction)
        return read_all(self.outputs)


def read_all(paths: TablePaths) -> dict[str, list[dict[str, Any]]]:
    return {
        kind: read_table(path, kind)[0].to_pylist()
        for kind, path in dataclasses.asdict(paths).items()
    }


@pytest.fixture
def campaign(tmp_path: Path, evaluation: Evaluation) -> Campaign:
    return Campaign(tmp_path, evaluation)


def ids(evaluations: Sequence[Evaluation]) -> list[str]:
    return [evaluation.evaluation_id for evaluation in evaluations]


def test_generations_become_three_tables_in_order(campaign: Campaign) -> None:
    first = [campaign.evaluation(3), campaign.evaluation(1)]
    replicate = campaign.evaluation(1, replicate=1)
    second = [campaign.evaluation(0)]
    campaign.generation("a", first, [replicate])
    campaign.generation("b", second)
    tables = campaign.collect()
    rows = [*first, replicate, *second]
    assert [row["evaluation_id"] for row in tables["evaluations"]] == ids(rows)
    assert [(row["evaluation_id"], row["epoch"]) for row in tables["curves"]] == [
        (evaluation_id, epoch) for evaluation_id in ids(rows) for epoch in (1, 2)
    ]
    assert [(row["sampler"], row["evaluation_id"]) for row in tables["proposals"]] == [
        *zip("aa", ids(first), strict=True),
        ("b", second[0].evaluation_id),
    ]


def test_a_part_holds_its_generation_alone(campaign: Campaign) -> None:
    campaign.generation("a", [campaign.evaluation(3)], [campaign.evaluation(3, replicate=1)])
    campaign.generation("b", [campaign.evaluation(0)])
    tables = read_all(campaign.parts[0])
    assert ids([campaign.evaluation(3), campaign.evaluation(3, replicate=1)]) == [
        row["evaluation_id"] for row in tables["evaluations"]
    ]
    assert [row["sampler"] for row in tables["proposals"]] == ["a"]


def test_an_evaluation_in_several_parts_is_kept_once_where_it_came_first(
    campaign: Campaign,
) -> None:
    a, b, c = (campaign.evaluation(number) for number in (2, 0, 1))
    campaign.generation("a", [a, b])
    campaign.generation("b", [b, c], [a])
    tables = campaign.collect()
    assert [row["evaluation_id"] for row in tables["evaluations"]] == ids([a, b, c])
    assert len(tables["curves"]) == 6
    # An architecture belongs to every sampler that proposed it.
    assert len(tables["proposals"]) == 5


def test_a_proposal_points_to_the_evaluation_of_its_network(campaign: Campaign) -> None:
    text = DARTS.format(GENOTYPES[1])
    cells = text.split("-reduce:")
    swapped = "+".join(reversed(cells[1].split("/")[0].split("+")))
    relabelled = f"{cells[0]}-reduce:{'/'.join([swapped, *cells[1].split('/')[1:]])}"
    assert relabelled != text
    campaign.add([campaign.evaluation(1)])
    campaign.propose("a", [relabelled])
    [proposal] = campaign.collect()["proposals"]
    assert proposal["raw_architecture"] == relabelled
    assert proposal["evaluation_id"] == campaign.evaluation(1).evaluation_id


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"recipe_id": OTHER_RECIPE.recipe_id}, "recipe_id"),
        ({"dataset_id": OTHER_SPEC.dataset_id({})}, "dataset_id"),
        ({"evaluator": "simulate"}, "evaluator"),
    ],
)
def test_a_foreign_evaluation_is_refused(
    campaign: Campaign, changes: dict[str, str], column: str
) -> None:
    campaign.add([campaign.evaluation(0)])
    with pytest.raises(EvaluationsError, match=rf"has {column} {changes[column]}, this campaign's"):
        campaign.generation("a", [campaign.evaluation(1), campaign.evaluation(2, **changes)])
    assert not campaign.paths("part0").evaluations.exists()


def test_parts_of_different_recipes_are_refused(campaign: Campaign) -> None:
    campaign.generation("a", [campaign.evaluation(0)])
    other = campaign.evaluation(1, recipe_id=OTHER_RECIPE.recipe_id)
    write_evaluations(campaign.parts[0].evaluations, [campaign.evaluation(0), other], PROVENANCE)
    with pytest.raises(EvaluationsError, match=f"has recipe_id {OTHER_RECIPE.recipe_id}"):
        campaign.collect()
    assert not campaign.outputs.evaluations.exists()


def test_a_proposal_without_an_evaluation_is_refused(campaign: Campaign) -> None:
    campaign.add([campaign.evaluation(0)])
    missing = EvaluationKey(
        DARTS.architecture_id(GENOTYPES[4]), RECIPE.recipe_id, SPEC.dataset_id({}), 0
    )
    with pytest.raises(
        EvaluationsError, match=f"^2 proposals have no .* first is {missing.evaluation_id}; rerun"
    ):
        campaign.propose("a", [DARTS.format(GENOTYPES[number]) for number in (0, 4, 5)])


def test_a_replicate_alone_is_no_evaluation_of_a_proposal(campaign: Campaign) -> None:
    campaign.add([campaign.evaluation(0, replicate=1)])
    with pytest.raises(EvaluationsError, match="1 proposals have no evaluation"):
        campaign.propose("a", [DARTS.format(GENOTYPES[0])])


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_too_many_failures_are_refused(campaign: Campaign, status: str) -> None:
    bad = campaign.failed(1, status)
    good = [campaign.evaluation(number) for number in (0, 2, 3)]
    campaign.generation("a", [good[0], bad, *good[1:]])
    with pytest.raises(EvaluationsError) as caught:
        campaign.collect(max_failed_fraction=0.24)
    message = str(caught.value)
    assert message.startswith("1 of 4 trainings failed or diverged")
    assert "training.max_failed_fraction = 0.24" in message
    assert f"{bad.evaluation_id} ({status}) OSError: gone" in message


def test_as_many_failures_as_allowed_stay_in_the_table(campaign: Campaign) -> None:
    good = [campaign.evaluation(number) for number in (0, 2, 3)]
    campaign.generation("a", [good[0], campaign.failed(1), *good[1:]])
    tables = campaign.collect(max_failed_fraction=0.25)
    assert [row["status"] for row in tables["evaluations"]] == ["ok", "failed", "ok", "ok"]
    assert len(tables["curves"]) == 6


def test_a_failure_in_two_parts_counts_once(campaign: Campaign) -> None:
    good = [campaign.evaluation(number) for number in (0, 2, 3)]
    campaign.generation("a", [*good, campaign.failed(1)])
    campaign.generation("b", [campaign.failed(1)])
    assert len(campaign.collect(max_failed_fraction=0.25)["evaluations"]) == 4


def test_a_campaign_without_a_good_training_can_be_collected_if_so_allowed(
    campaign: Campaign,
) -> None:
    nothing = {"train_time_s": math.nan, "status": "diverged", "curve": ()}
    campaign.generation("a", [campaign.evaluation(0, **nothing)])
    assert len(campaign.collect(max_failed_fraction=1.0)["evaluations"]) == 1


@pytest.mark.parametrize("later_first", [False, True])
def test_a_training_that_succeeded_at_a_later_attempt_counts_with_its_own_curve(
    campaign: Campaign, later_first: bool
) -> None:
    ok = campaign.evaluation(0, attempts=2)
    failed = campaign.evaluation(0, attempts=1, status="failed", curve=ok.curve[:1])
    for sampler, row in zip("ab", (ok, failed) if later_first else (failed, ok), strict=True):
        campaign.generation(sampler, [row])
    tables = campaign.collect()
    assert [row["status"] for row in tables["evaluations"]] == ["ok"]
    assert [row["epoch"] for row in tables["curves"]] == [point.epoch for point in ok.curve]


def test_a_damaged_shard_is_named(campaign: Campaign) -> None:
    campaign.add([campaign.evaluation(0)])
    campaign.shards[0].curves.write_bytes(b"PAR1")
    with pytest.raises(EvaluationsError, match=r"shard0\.curves\.parquet: not a nasforge table"):
        campaign.propose("a", [DARTS.format(GENOTYPES[0])])
    assert not campaign.paths("part0").evaluations.exists()


def test_the_tables_keep_what_their_ids_stand_for(campaign: Campaign) -> None:
    campaign.generation("a", [campaign.evaluation(0)])
    campaign.collect()
    for paths in (campaign.parts[0], campaign.outputs):
        for kind, path in dataclasses.asdict(paths).items():
            assert RECIPE.recipe_id in read_table(path, kind)[1].recipes
