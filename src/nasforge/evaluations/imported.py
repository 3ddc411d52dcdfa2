"""Tables of evaluations that were made elsewhere: what the importers have in common.

    >>> tables = ImportedTables(DARTS, {"imported": "mine"}, {"imported": "mine"})
    >>> evaluation_id = tables.add(genotype, Result(val_accuracy=0.93))
    >>> tables.propose("random", text, evaluation_id)
    >>> tables.write(Path("data/mine"))

They are ordinary tables with evaluator "import", so all that follows treats them as our own.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from nasforge.benchmark.fingerprint import describe_space
from nasforge.evaluations.folder import tables_in
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.evaluations.tables import (
    CURVES,
    PROPOSALS,
    Provenance,
    curves_table,
    write_evaluations,
    write_table,
)
from nasforge.recipe import digest
from nasforge.space import SearchSpace
from nasforge.space.protocol import Architecture

EXAMPLES = 5
"""Names that a report gives of what was left out."""

CURVES_AT_A_TIME = 1000
"""Evaluations whose curves are kept as objects; as a table they take a tenth of the memory."""


@dataclass(frozen=True)
class Result:
    """What is known of one training. Units are those of `Evaluation`.

    Attributes:
        val_accuracy: What surrogates learn; nan makes the evaluation a diverged one.
        best_val_accuracy: As in `Evaluation`.
        val_loss: As in `Evaluation`.
        test_accuracy: As in `Evaluation`.
        train_time_s: As in `Evaluation`.
        epochs: As in `Evaluation`.
        params: As in `Evaluation`.
        macs: As in `Evaluation`.
        curve: As in `Evaluation`.
    """

    val_accuracy: float
    best_val_accuracy: float = math.nan
    val_loss: float = math.nan
    test_accuracy: float = math.nan
    train_time_s: float = math.nan
    epochs: int = -1
    params: int = -1
    macs: int = -1
    curve: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What an import read and wrote.

    Attributes:
        folder: Where the tables are.
        evaluations: Rows of evaluations.parquet.
        architectures: How many networks they are of.
        diverged: Those among them without a validation accuracy.
        notes: What else is to be known, such as files left out, by kind: names, with reasons.
    """

    folder: Path
    evaluations: int
    architectures: int
    diverged: int
    notes: Mapping[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {**asdict(self), "folder": str(self.folder)}

    def to_text(self) -> str:
        """Lines for people, with the first few names of each kind of note."""
        diverged = f" ({self.diverged} diverged)" if self.diverged else ""
        lines = [
            f"{self.evaluations} evaluations{diverged} of {self.architectures} architectures "
            f"written to {self.folder}"
        ]
        for kind, names in self.notes.items():
            if names:
                more = ", ..." if len(names) > EXAMPLES else ""
                lines.append(f"{kind}: {len(names)} ({', '.join(names[:EXAMPLES])}{more})")
        return "\n".join(lines)


class ImportedTables:
    """The three tables in the making, of one recipe and one data set.

    Args:
        space: Where the architectures are from.
        recipe: Record of how they were trained: any JSON object.
        dataset: Record of what they were trained on: any JSON object.
    """

    def __init__(
        self, space: SearchSpace, recipe: Mapping[str, Any], dataset: Mapping[str, Any]
    ) -> None:
        self._space = space
        self._recipe_id, self._dataset_id = digest(recipe), digest(dataset)
        self._provenance = Provenance(
            {self._recipe_id: recipe}, {self._dataset_id: dataset}, describe_space(space)
        )
        self._evaluations: list[Evaluation] = []
        self._with_curves: list[Evaluation] = []
        self._curves: list[pa.Table] = []
        self._replicates: Counter[str] = Counter()
        self._positions: Counter[str] = Counter()
        self._proposals: dict[tuple[str, str], dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._evaluations)

    def add(self, architecture: Architecture, result: Result) -> str:
        """Add one training; further ones of the same network are its replicates.

        Returns:
            Its evaluation_id.
        """
        architecture_id = self._space.architecture_id(architecture)
        key = EvaluationKey(
            architecture_id,
            self._recipe_id,
            self._dataset_id,
            self._replicates[architecture_id],
            "import",
        )
        self._replicates[architecture_id] += 1
        row = Evaluation(
            **asdict(key),
            **{name: getattr(result, name) for name in Result.__dataclass_fields__},
            evaluation_id=key.evaluation_id,
            architecture=self._space.format(self._space.canonical(architecture)),
            seed=-1,
            protocol=0,
            status="diverged" if math.isnan(result.val_accuracy) else "ok",
            error="",
            attempts=1,
            backend="",
            precision="",
            device="",
            cpu="",
            software="{}",
            finished_at="",
        )
        self._evaluations.append(replace(row, curve=()))
        if row.curve:
            self._with_curves.append(row)
        if len(self._with_curves) >= CURVES_AT_A_TIME:
            self._pack_curves()
        return row.evaluation_id

    def propose(self, sampler: str, raw_architecture: str, evaluation_id: str) -> None:
        """Say which sampler an evaluation is from; once is enough."""
        if (sampler, evaluation_id) not in self._proposals:
            self._proposals[sampler, evaluation_id] = {
                "sampler": sampler,
                "optimizer": sampler,
                "generation": 0,
                "position": self._positions[sampler],
                "raw_architecture": raw_architecture,
                "evaluation_id": evaluation_id,
            }
            self._positions[sampler] += 1

    def write(self, folder: Path, notes: Mapping[str, list[str]]) -> Imported:
        """Write evaluations.parquet, curves.parquet and proposals.parquet."""
        paths = tables_in(folder)
        self._pack_curves()
        proposals = pa.Table.from_pylist(list(self._proposals.values()), schema=PROPOSALS)
        write_evaluations(paths.evaluations, self._evaluations, self._provenance)
        write_table(paths.curves, pa.concat_tables(self._curves), "curves", self._provenance)
        write_table(paths.proposals, proposals, "proposals", self._provenance)
        diverged = sum(row.status == "diverged" for row in self._evaluations)
        return Imported(folder, len(self), len(self._replicates), diverged, notes)

    def _pack_curves(self) -> None:
        self._curves.append(curves_table(self._with_curves).cast(CURVES))
        self._with_curves = []
