"""Proposals: what a sampler suggests to train, one CSV file per generation.

>>> write_proposals(path, [Proposal("random", "random", 0, 0, 0, "normal:...-reduce:...")])
"""

import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import write_text


@dataclass(frozen=True)
class Proposal:
    """One suggestion.

    Attributes:
        sampler: Name of the sampler in the config.
        optimizer: Name of its optimizer.
        generation: 0, 1, ...
        position: Place within the generation.
        replicate: 0 for a sampler's own suggestion, 1, 2, ... for replicates of it.
        raw_architecture: Text of the architecture as suggested, before canonicalisation.
    """

    sampler: str
    optimizer: str
    generation: int
    position: int
    replicate: int
    raw_architecture: str


COLUMNS = tuple(field.name for field in fields(Proposal))


def write_proposals(path: Path, proposals: list[Proposal]) -> None:
    """Write a CSV file with a header, atomically."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(proposal) for proposal in proposals)
    write_text(path, buffer.getvalue())


def read_proposals(path: Path) -> list[Proposal]:
    """Read what `write_proposals` wrote.

    Raises:
        EvaluationsError: The file is not of that form.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (ValueError, csv.Error) as error:
        raise EvaluationsError(f"{path}: {error}") from None
    if tuple(header) != COLUMNS:
        raise EvaluationsError(f"{path}: columns {header}, expected {list(COLUMNS)}")
    try:
        return [
            Proposal(sampler, optimizer, int(generation), int(position), int(replicate), text)
            for sampler, optimizer, generation, position, replicate, text in rows
        ]
    except ValueError as error:
        raise EvaluationsError(f"{path}: {error}") from None
