"""Joining the evaluations of several sites that worked on one campaign, or one recipe.

    >>> merge_sites(DARTS, [Path("berlin"), Path("tokyo")], Path("both")).to_text()

Everything is checked as for evaluations from a stranger (`evaluations.given`): one schema, recipe,
data set and evaluator. What both sites trained is there once. Where the two disagree on what must
be the same (another machine or library rounds differently), that is a conflict.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nasforge.errors import EvaluationsError
from nasforge.evaluations.collect import merge
from nasforge.evaluations.folder import find_tables, tables_in
from nasforge.evaluations.given import collect_evaluations
from nasforge.evaluations.tables import EVALUATIONS
from nasforge.space import SearchSpace

OF_THE_MACHINE = (
    "attempts",
    "train_time_s",
    "backend",
    "device",
    "cpu",
    "software",
    "finished_at",
)
"""Columns in which two trainings of one evaluation may differ."""

EXAMPLES = 5
"""Conflicts that a report names."""


@dataclass(frozen=True)
class MergedSites:
    """What was joined.

    Attributes:
        evaluations: Rows written.
        of_site: Distinct evaluations by folder.
        common: Evaluations that more than one site has.
        conflicts: Some evaluation_ids on which sites disagree.
        conflicting: How many there are.
    """

    evaluations: int
    of_site: dict[str, int]
    common: int
    conflicts: tuple[str, ...]
    conflicting: int

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    def to_text(self) -> str:
        """Lines for people."""
        lines = [f"{number:>8} evaluations in {folder}" for folder, number in self.of_site.items()]
        lines.append(f"{self.evaluations:>8} in all, {self.common} of them in several")
        if self.conflicting:
            lines.append(f"{self.conflicting:>8} conflicts: {', '.join(self.conflicts)}, ...")
        return "\n".join(lines)


def merge_sites(
    space: SearchSpace, folders: Sequence[Path], output: Path, allow_conflicts: bool = False
) -> MergedSites:
    """Join evaluations and write the three tables to a folder.

    Args:
        space: Where the architectures are from.
        folders: One per site, in any form that `find_tables` knows.
        output: Folder that is written; must hold no tables yet.
        allow_conflicts: Whether to keep one row of those that conflict: the one of most attempts,
            else the first.

    Raises:
        EvaluationsError: A table is damaged or not what it says, the sites differ in recipe, data
            set or evaluator, or there are conflicts.
    """
    outputs = tables_in(output)
    if outputs.evaluations.exists() or (output / "evaluations").exists():
        raise EvaluationsError(f"{output}: holds evaluations already; give a new folder")
    sites = [find_tables(folder) for folder in folders]
    tables = [merge(parts)[0] for parts in sites]
    conflicts = _conflicts(tables)
    if conflicts and not allow_conflicts:
        raise EvaluationsError(
            f"{len(conflicts)} evaluations have other results at another site (the first are "
            f"{', '.join(conflicts[:EXAMPLES])}); give --allow-conflicts to keep one row of each"
        )
    collect_evaluations(space, [part for parts in sites for part in parts], outputs)
    ids = [set(table["evaluation_id"].to_pylist()) for table in tables]
    everything = set().union(*ids)
    return MergedSites(
        evaluations=len(everything),
        of_site={str(folder): len(own) for folder, own in zip(folders, ids, strict=True)},
        common=sum(sum(name in own for own in ids) > 1 for name in everything),
        conflicts=tuple(conflicts[:EXAMPLES]),
        conflicting=len(conflicts),
    )


def _conflicts(tables: Sequence[pa.Table]) -> list[str]:
    """Ids of evaluations on which tables disagree; a failure disagrees with nothing."""
    columns = [name for name in EVALUATIONS.names if name not in OF_THE_MACHINE]
    known: dict[str, str] = {}
    conflicts = {}
    for table in tables:
        rows = table.filter(pc.not_equal(table["status"], "failed")).select(columns)
        for row in rows.to_pylist():
            text = repr(row)  # where nan is equal to itself
            if known.setdefault(row["evaluation_id"], text) != text:
                conflicts[row["evaluation_id"]] = None
    return list(conflicts)
