"""The evaluated architectures of a campaign, as the page plots them. Needs pyarrow.

>>> read_evaluated(Path("results/quickstart/collect"), manifest)
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.section import Section
from nasforge.errors import EvaluationsError
from nasforge.evaluations.machine import machine_name
from nasforge.space import DARTS


def read_evaluated(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Every architecture with at least one training that ended well.

    Args:
        folder: Of evaluations, in one of the forms of `evaluations.path` in a config.
        manifest: Of the benchmark; the evaluations must be of its recipe and data set.

    Returns:
        `vectors` uint8 [n, 22] of canonical forms, `trainings` uint16 [n], `val_accuracy` and
        `train_time_s` float32 [n], means over the trainings (nan if unknown; in seconds of the
        machine whose seconds the benchmark predicts, nan for one that it does not know);
        `samplers`, a list of (name, optimizer); `sampler` uint16 [n], which proposed it first;
        `sequences`, per sampler the architectures (uint32) in the order of its proposals.

    Raises:
        EvaluationsError: A table is missing, damaged, of another space, recipe or data set, or
            there is nothing in it.
    """
    from nasforge.evaluations.folder import find_tables
    from nasforge.evaluations.tables import read_tables

    parts = find_tables(folder)
    evaluations, provenance = read_tables([part.evaluations for part in parts], "evaluations")
    proposals, _ = read_tables([part.proposals for part in parts], "proposals")
    provenance.check_space(DARTS)
    rows = evaluations.filter(_ended_well(evaluations)).to_pylist()
    _check_origin(folder, rows, manifest)
    trainings = _by_architecture(rows, _factors(manifest))
    number = {architecture_id: n for n, architecture_id in enumerate(trainings)}
    # A proposal names its first training, which need not be one that ended well.
    ids = evaluations["evaluation_id"].to_pylist(), evaluations["architecture_id"].to_pylist()
    architecture_of = dict(zip(*ids, strict=True))
    samplers, sequences = _sequences(proposals.to_pylist(), architecture_of, number)
    first = _first_sampler(sequences, len(number))
    if (first == len(samplers)).any():
        raise EvaluationsError(f"{folder}: an architecture was proposed by no sampler")
    groups = [list(group.values()) for group in trainings.values()]
    texts = [group[0]["architecture"] for group in groups]
    return {
        "vectors": np.stack([DARTS.to_vector(DARTS.canonical(DARTS.parse(t))) for t in texts]),
        "trainings": np.array([len(group) for group in groups], np.uint16),
        "val_accuracy": _means(groups, "val_accuracy"),
        "train_time_s": _means(groups, "train_time_s"),
        "samplers": samplers,
        "sampler": first,
        "sequences": sequences,
    }


def _check_origin(folder: Path, rows: list[dict[str, Any]], manifest: Manifest) -> None:
    """There are some, all of the benchmark's recipe and data set."""
    if not rows:
        raise EvaluationsError(f"{folder}: no training of it ended well")
    for column, record in (("recipe_id", manifest.recipe), ("dataset_id", manifest.dataset)):
        if foreign := {row[column] for row in rows} - {record[column]}:
            raise EvaluationsError(
                f"{folder}: {column} {min(foreign)} is not that of {manifest.full_name} "
                f"({record[column]})"
            )


def _by_architecture(
    rows: list[dict[str, Any]], factors: dict[str, float]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows by architecture_id and evaluation_id, their times in the benchmark's seconds."""
    trainings: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        if factors:
            row["train_time_s"] *= factors.get(machine_name(row), np.nan)
        trainings[row["architecture_id"]][row["evaluation_id"]] = row
    return trainings


def _factors(manifest: Manifest) -> dict[str, float]:
    """What times are multiplied by, by machine; none where the benchmark does not say."""
    machines = Section(manifest.training_set, "training_set").rows("machines")
    return {machine.get("name", str): machine.number("factor") for machine in machines}


def _ended_well(evaluations: Any) -> Any:
    import pyarrow.compute as pc

    return pc.equal(evaluations["status"], "ok")


def _means(groups: list[list[dict[str, Any]]], column: str) -> np.ndarray:
    return np.array([np.mean([row[column] for row in group]) for group in groups], np.float32)


def _sequences(
    proposals: list[dict[str, Any]], architecture_of: dict[str, str], number: dict[str, int]
) -> tuple[list[tuple[str, str]], list[np.ndarray]]:
    """Samplers by optimizer, and what each proposed, in order and each architecture once."""
    ordered = sorted(proposals, key=lambda row: (row["generation"], row["position"]))
    proposed: dict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    for row in ordered:
        architecture = number.get(architecture_of.get(row["evaluation_id"], ""))
        if architecture is not None:
            proposed[row["sampler"], row["optimizer"]][architecture] = None
    samplers = sorted(proposed, key=lambda key: (key[1], key[0]))
    return samplers, [np.array(list(proposed[key]), np.uint32) for key in samplers]


def _first_sampler(sequences: list[np.ndarray], architectures: int) -> np.ndarray:
    """The first sampler that proposed each architecture; one more than there are for none."""
    first = np.full(architectures, len(sequences), np.uint16)
    for sampler in reversed(range(len(sequences))):
        first[sequences[sampler]] = sampler
    return first
