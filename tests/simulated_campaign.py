"""Evaluations, proposals and a development part of a campaign whose truth is linear."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import SCHEMAS, Provenance, write_table
from nasforge.recipe import digest
from nasforge.space import DARTS
from nasforge.space.darts import Genotype

RECORD = {"simulated": True}
ID = digest(RECORD)
NOISE_STD = 0.003
WEIGHTS = np.random.default_rng(7).normal(0.0, 0.01, len(DARTS.feature_names("one_hot")))


def true_values(genotypes: list[Genotype]) -> np.ndarray:
    return 0.6 + DARTS.encode(genotypes, "one_hot") @ WEIGHTS


def write_campaign(
    folder: Path, chains: Mapping[tuple[str, str], list[list[Genotype]]], offset: float = 0.0
) -> None:
    """Tables of what was proposed, by (optimizer, sampler) and generation.

    Every third architecture of the first chain has three trainings; `offset` is added to all that
    optimizers with feedback trained.
    """
    rng = np.random.default_rng(0)
    evaluations, proposals, development = {}, [], []
    for (optimizer, sampler), generations in chains.items():
        shift = 0.0 if optimizer == "random" else offset
        for generation, genotypes in enumerate(generations):
            for position, (genotype, value) in enumerate(
                zip(genotypes, true_values(genotypes) + shift, strict=True)
            ):
                key = DARTS.architecture_id(genotype)
                if key not in evaluations:
                    text = DARTS.format(DARTS.canonical(genotype))
                    seeds = 3 if optimizer == "random" and position % 3 == 0 else 1
                    rows = [
                        {
                            "architecture": text,
                            "architecture_id": key,
                            "replicate": replicate,
                            **dict.fromkeys(TARGETS, 10.0),
                            "val_accuracy": value + NOISE_STD * rng.standard_normal(),
                        }
                        for replicate in range(seeds)
                    ]
                    development += [row | {"stratum": sampler} for row in rows]
                    evaluations[key] = rows[0] | {"evaluation_id": key, "status": "ok"}
                proposals.append(
                    {
                        "sampler": sampler,
                        "optimizer": optimizer,
                        "generation": generation,
                        "position": position,
                        "raw_architecture": DARTS.format(genotype),
                        "evaluation_id": key,
                    }
                )
    pd.DataFrame(development).to_parquet(folder / "development.parquet")
    write_rows(folder / "evaluations.parquet", "evaluations", list(evaluations.values()))
    write_rows(folder / "proposals.parquet", "proposals", proposals)


def write_rows(file: Path, kind: str, rows: list[dict]) -> None:
    """A table of these rows; what they do not say is empty."""
    empty = {field.name: "" if pa.types.is_string(field.type) else 0 for field in SCHEMAS[kind]}
    if kind == "evaluations":
        empty |= {"recipe_id": ID, "dataset_id": ID}
    table = pa.Table.from_pylist([empty | row for row in rows], schema=SCHEMAS[kind])
    write_table(file, table, kind, Provenance({ID: RECORD}, {ID: RECORD}))
