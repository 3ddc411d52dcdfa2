"""Collecting: one row per evaluation, and nothing that would poison what follows."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.collect import CampaignTables, collect
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
    {recipe.recipe_id: recipe for recipe in (RECIPE, OTHER_RECIPE)},
    {spec.dataset_id({}): {"spec": spec.to_dict(), "sources": {}} for spec in (SPEC, OTHER_SPEC)},
)
GENOTYPES = [DARTS.from_vector([operation] + [0] * 21) for operation in range(6)]


class Shards:
    """A folder of shards and proposals, and their collection."""

    def __init__(self, folder: Path, template: Evaluation) -> None:
        self.folder = folder
        self.template = template
        self.evaluation_files: list[Path] = []
        self.curve_files: list[Path] = []
        self.proposal_files: list[Path] = []
        self.outputs = CampaignTables(
            *(folder / "out" / f"{name}.parquet" for name in ("evaluations", "curves", "proposals"))
        )

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
        number = len(self.evaluation_files)
        self.evaluation_files.append(self.folder / f"shard{number}.evaluations.parquet")
        self.curve_files.append(self.folder / f"shard{number}.curves.parquet")
        write_evaluations(self.evaluation_files[-1], evaluations, PROVENANCE)
        write_curves(self.curve_files[-1], evaluations, PROVENANCE)

    def propose(self, sampler: str, numbers: Sequence[int]) -> None:
        self.proposal_files.append(self.folder / f"{sampler}.csv")
        proposals = [
            Proposal(sampler, "random", 0, position, 0, DARTS.format(GENOTYPES[number]))
            for position, number in enumerate(numbers)
        ]
        write_proposals(self.proposal_files[-1], proposals)

    def collect(self, max_failed_fraction: float = 0.1) -> dict[str, list[dict[str, Any]]]:
        """Collect, and read the three tables."""
        collect(
            self.evaluation_files,
            self.curve_files,
            self.proposal_files,
            self.outputs,
            RECIPE.recipe_id,
            SPEC.dataset_id({}),
            max_failed_fraction,
        )
        return {
            kind: read_table(path, kind)[0].to_pylist()
            for kind, path in dataclasses.asdict(self.outputs).items()
        }


@pytest.fixture
def shards(tmp_path: Path, evaluation: Evaluation) -> Shards:
    return Shards(tmp_path, evaluation)


def ids(evaluations: Sequence[Evaluation]) -> list[str]:
    return [evaluation.evaluation_id for evaluation in evaluations]


def test_shards_become_three_tables_in_order(shards: Shards) -> None:
    first = [shards.evaluation(3), shards.evaluation(1)]
    second = [shards.evaluation(0), shards.evaluation(1, replicate=1)]
    shards.add(first)
    shards.add(second)
    shards.propose("a", [3, 1])
    shards.propose("b", [0])
    tables = shards.collect()
    assert [row["evaluation_id"] for row in tables["evaluations"]] == ids([*first, *second])
    assert [(row["evaluation_id"], row["epoch"]) for row in tables["curves"]] == [
        (evaluation_id, epoch) for evaluation_id in ids([*first, *second]) for epoch in (1, 2)
    ]
    assert [(row["sampler"], row["evaluation_id"]) for row in tables["proposals"]] == [
        *zip("aa", ids(first), strict=True),
        ("b", second[0].evaluation_id),
    ]


def test_an_evaluation_in_several_shards_is_kept_once_where_it_came_first(shards: Shards) -> None:
    a, b, c = (shards.evaluation(number) for number in (2, 0, 1))
    shards.add([a, b])
    shards.add([b, c, a])
    shards.propose("a", [2, 0])
    shards.propose("b", [0, 1, 2])
    tables = shards.collect()
    assert [row["evaluation_id"] for row in tables["evaluations"]] == ids([a, b, c])
    assert len(tables["curves"]) == 6
    # An architecture belongs to every sampler that proposed it.
    assert len(tables["proposals"]) == 5


def test_a_proposal_points_to_the_evaluation_of_its_network(shards: Shards) -> None:
    shards.add([shards.evaluation(1)])
    text = DARTS.format(GENOTYPES[1])
    cells = text.split("-reduce:")
    swapped = "+".join(reversed(cells[1].split("/")[0].split("+")))
    relabelled = f"{cells[0]}-reduce:{'/'.join([swapped, *cells[1].split('/')[1:]])}"
    assert relabelled != text
    shards.proposal_files.append(shards.folder / "a.csv")
    write_proposals(shards.proposal_files[0], [Proposal("a", "random", 0, 0, 0, relabelled)])
    [proposal] = shards.collect()["proposals"]
    assert proposal["raw_architecture"] == relabelled
    assert proposal["evaluation_id"] == shards.evaluation(1).evaluation_id


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"recipe_id": OTHER_RECIPE.recipe_id}, "recipe_id"),
        ({"dataset_id": OTHER_SPEC.dataset_id({})}, "dataset_id"),
        ({"evaluator": "simulate"}, "evaluator"),
    ],
)
def test_a_foreign_evaluation_is_refused(
    shards: Shards, changes: dict[str, str], column: str
) -> None:
    shards.add([shards.evaluation(0)])
    shards.add([shards.evaluation(1), shards.evaluation(2, **changes)])
    shards.propose("a", [0, 1])
    with pytest.raises(EvaluationsError, match=rf"has {column} {changes[column]}, this campaign's"):
        shards.collect()
    assert not shards.outputs.evaluations.exists()


def test_a_proposal_without_an_evaluation_is_refused(shards: Shards) -> None:
    shards.add([shards.evaluation(0)])
    shards.propose("a", [0, 4, 5])
    missing = EvaluationKey(
        DARTS.architecture_id(GENOTYPES[4]), RECIPE.recipe_id, SPEC.dataset_id({}), 0
    )
    with pytest.raises(
        EvaluationsError, match=f"^2 proposals have no .* first is {missing.evaluation_id}; rerun"
    ):
        shards.collect()


def test_a_replicate_alone_is_no_evaluation_of_a_proposal(shards: Shards) -> None:
    shards.add([shards.evaluation(0, replicate=1)])
    shards.propose("a", [0])
    with pytest.raises(EvaluationsError, match="1 proposals have no evaluation"):
        shards.collect()


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_too_many_failures_are_refused(shards: Shards, status: str) -> None:
    bad = shards.failed(1, status)
    shards.add([shards.evaluation(0), bad, shards.evaluation(2), shards.evaluation(3)])
    shards.propose("a", [0, 1, 2, 3])
    with pytest.raises(EvaluationsError) as caught:
        shards.collect(max_failed_fraction=0.24)
    message = str(caught.value)
    assert message.startswith("1 of 4 trainings failed or diverged")
    assert "training.max_failed_fraction = 0.24" in message
    assert f"{bad.evaluation_id} ({status}) OSError: gone" in message


def test_as_many_failures_as_allowed_stay_in_the_table(shards: Shards) -> None:
    shards.add([shards.evaluation(0), shards.failed(1), shards.evaluation(2), shards.evaluation(3)])
    shards.propose("a", [0, 1, 2, 3])
    tables = shards.collect(max_failed_fraction=0.25)
    assert [row["status"] for row in tables["evaluations"]] == ["ok", "failed", "ok", "ok"]
    assert len(tables["curves"]) == 6


def test_a_failure_in_two_shards_counts_once(shards: Shards) -> None:
    good = [shards.evaluation(number) for number in (0, 2, 3)]
    shards.add([*good, shards.failed(1)])
    shards.add([shards.failed(1)])
    shards.propose("a", [0, 1, 2, 3])
    assert len(shards.collect(max_failed_fraction=0.25)["evaluations"]) == 4


def test_a_campaign_without_a_good_training_can_be_collected_if_so_allowed(
    shards: Shards,
) -> None:
    nothing = {"train_time_s": math.nan, "status": "diverged", "curve": ()}
    shards.add([shards.evaluation(0, **nothing)])
    shards.propose("a", [0])
    assert len(shards.collect(max_failed_fraction=1.0)["evaluations"]) == 1


@pytest.mark.parametrize("later_first", [False, True])
def test_a_training_that_succeeded_at_a_later_attempt_counts_with_its_own_curve(
    shards: Shards, later_first: bool
) -> None:
    ok = shards.evaluation(0, attempts=2)
    failed = shards.evaluation(0, attempts=1, status="failed", curve=ok.curve[:1])
    for row in (ok, failed) if later_first else (failed, ok):
        shards.add([row])
    shards.propose("a", [0])
    tables = shards.collect()
    assert [row["status"] for row in tables["evaluations"]] == ["ok"]
    assert [row["epoch"] for row in tables["curves"]] == [point.epoch for point in ok.curve]


def test_a_damaged_shard_is_named(shards: Shards) -> None:
    shards.add([shards.evaluation(0)])
    shards.propose("a", [0])
    shards.curve_files[0].write_bytes(b"PAR1")
    with pytest.raises(EvaluationsError, match=r"shard0\.curves\.parquet: not a nasforge table"):
        shards.collect()
    assert not shards.outputs.evaluations.exists()


def test_the_tables_keep_what_their_ids_stand_for(shards: Shards) -> None:
    shards.add([shards.evaluation(0)])
    shards.propose("a", [0])
    shards.collect()
    for kind, path in dataclasses.asdict(shards.outputs).items():
        assert RECIPE.recipe_id in read_table(path, kind)[1].recipes
