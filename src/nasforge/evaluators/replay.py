"""Outcomes looked up among trainings that were made before.

    >>> replayer = Replayer.read(find_tables(Path("data/darts-cifar10-cpu")), proposals, record)
    >>> evaluate_shard(proposals, recipe, replayer, cache)

For campaigns whose proposals are all known to the table: another split of samplers, fewer
generations, other surrogates on the same trainings. Nothing is invented: a proposal that the table
does not have stops the job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.folder import TablePaths
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.restore import read_evaluations
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.evaluations.tables import read_tables
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import DARTS
from nasforge.space.darts import Genotype


@dataclass(frozen=True)
class Replayer:
    """Looks outcomes up.

    Attributes:
        known: Trainings by architecture_id and replicate; of several attempts the last.
        record: Of the data set they were trained on.
    """

    name: ClassVar[str] = "replay"
    done: ClassVar[str] = "replayed"

    known: Mapping[tuple[str, int], Evaluation]
    record: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        parts: Sequence[TablePaths],
        proposals: Sequence[Proposal],
        record: Mapping[str, Any],
    ) -> Self:
        """Read what is known of some proposals.

        Args:
            parts: What `find_tables` found; checked by `replay_record`.
            proposals: What will be asked for.
            record: What `replay_record` gave.
        """
        ids = {DARTS.architecture_id(DARTS.parse(p.raw_architecture)) for p in proposals}
        known: dict[tuple[str, int], Evaluation] = {}
        for part in parts:
            for row in read_evaluations(part.evaluations, part.curves, sorted(ids)):
                place = row.architecture_id, row.replicate
                if place not in known or known[place].attempts < row.attempts:
                    known[place] = row
        return cls(known, record)

    @property
    def dataset_id(self) -> str:
        """That of the trainings."""
        return digest(self.record)

    def evaluate(
        self,
        genotype: Genotype,
        key: EvaluationKey,
        attempts: int,
        on_epoch: Callable[[CurvePoint], None],
    ) -> Evaluation:
        """Look an outcome up; see `evaluators.shard.Evaluator`.

        Raises:
            EvaluationsError: The table does not have it.
        """
        found = self.known.get((key.architecture_id, key.replicate))
        if found is None:
            raise EvaluationsError(
                f"training.replay.path has no training of {DARTS.format(genotype)} (replicate "
                f"{key.replicate}); only samplers that propose what it holds can be replayed, "
                "those of its own config for one"
            )
        return replace(
            found, evaluator=self.name, evaluation_id=key.evaluation_id, attempts=attempts
        )


def replay_record(
    parts: Sequence[TablePaths], recipe: Recipe, dataset: DatasetSpec
) -> Mapping[str, Any]:
    """The record of the data set of the trainings to replay.

    Args:
        parts: What `find_tables` found.
        recipe: The config's, which must be theirs.
        dataset: The config's, likewise.

    Raises:
        EvaluationsError: A table is damaged, or the rows are not our trainings alone.
        ConfigError: Recipe or data set are not the config's.
    """
    paths: list[Path] = [part.evaluations for part in parts]
    table, provenance = read_tables(paths, "evaluations")
    provenance.check_space(DARTS)
    for column in ("evaluator", "recipe_id", "dataset_id"):
        values = table[column].unique().to_pylist()
        if len(values) != 1:
            raise EvaluationsError(
                f"{paths[0].parent}: evaluations of {len(values)} {column}s; it must be one"
            )
    evaluator, recipe_id, dataset_id = (
        table[name][0].as_py() for name in ("evaluator", "recipe_id", "dataset_id")
    )
    if evaluator != "train":
        raise EvaluationsError(
            f"{paths[0].parent}: evaluations by {evaluator!r}; only nasforge's own trainings "
            "('train') are replayed"
        )
    if recipe_id != recipe.recipe_id:
        raise ConfigError(
            f"training.recipe: has id {recipe.recipe_id}, the trainings in {paths[0].parent} were "
            f"made with {recipe_id}: {provenance.recipes[recipe_id].get('recipe')}"
        )
    record = provenance.datasets[dataset_id]
    if DatasetSpec.from_dict(record["dataset"]) != dataset:
        raise ConfigError(
            f"dataset: is not that of the trainings in {paths[0].parent}: {record['dataset']}"
        )
    return record
