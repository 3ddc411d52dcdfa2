"""Labels: what a surrogate learns, one row per architecture, and the replicates behind it.

    >>> labels = read_labels(Path("split/development.parquet"), TARGETS["val_accuracy"])

The tables read here are those of `write_parts`: evaluations with status ok, one row each, with
the stratum of their architecture.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nasforge.benchmark.targets import TARGETS, Target
from nasforge.errors import SurrogateError
from nasforge.evaluations.files import atomic_path, write_text
from nasforge.evaluations.tables import read_table
from nasforge.space import SearchSpace
from nasforge.surrogates.machines import compare_machines, on_one_machine
from nasforge.surrogates.splits import MINIMUM_DEVELOPMENT, test_part

_LOG = logging.getLogger(__name__)

_KEYS = ["architecture", "architecture_id", "stratum", "replicate"]
_COLUMNS = ["evaluation_id", *_KEYS, *TARGETS]


@dataclass(frozen=True, eq=False)
class Replicates:
    """Architectures with several trainings.

    Attributes:
        variances: float64 [r], sample variance of each one's trainings, on the target's scale.
        counts: int64 [r], number of trainings, at least 2.
    """

    variances: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    def pooled_variance(self) -> float:
        """Sum of squared deviations over degrees of freedom; nan without replicates."""
        freedom = self.counts - 1
        return float(freedom @ self.variances / freedom.sum()) if len(self) else float("nan")

    def resampled(self, rng: np.random.Generator) -> "Replicates":
        """A bootstrap sample of the architectures."""
        rows = rng.integers(len(self), size=len(self)) if len(self) else np.arange(0)
        return Replicates(self.variances[rows], self.counts[rows])


@dataclass(frozen=True, eq=False)
class Labels:
    """One target's labels, on the target's scale.

    Attributes:
        architectures: Canonical texts, [n].
        architecture_ids: Ids, [n].
        strata: Sampler that proposed each first, [n].
        values: float64 [n], mean over an architecture's trainings.
        seeds: int64 [n], how many trainings that mean has.
        first: float64 [n], the training of the lowest replicate number alone.
        replicates: Those with more than one.
    """

    architectures: list[str]
    architecture_ids: list[str]
    strata: list[str]
    values: np.ndarray
    seeds: np.ndarray
    first: np.ndarray
    replicates: Replicates

    def __len__(self) -> int:
        return len(self.architectures)

    def at(self, rows: np.ndarray) -> "Labels":
        """Labels of some architectures; the replicates stay those of all."""
        return Labels(
            [self.architectures[row] for row in rows],
            [self.architecture_ids[row] for row in rows],
            [self.strata[row] for row in rows],
            self.values[rows],
            self.seeds[rows],
            self.first[rows],
            self.replicates,
        )


@dataclass(frozen=True)
class PartFiles:
    """Where `write_parts` writes.

    Attributes:
        development: What surrogates learn from.
        test: Held out until the end.
        set_aside: Architectures of set-aside samplers; studies judge surrogates by them.
        machines: The kinds of machine that trained (JSON), whose times are those of the first.
    """

    development: Path
    test: Path
    set_aside: Path
    machines: Path


def write_parts(
    space: SearchSpace,
    evaluations_file: Path,
    proposals_file: Path,
    files: PartFiles,
    test_fraction: float,
    seed: int,
    set_aside: Sequence[str] = (),
    test_samplers: Sequence[str] = (),
) -> None:
    """Split the evaluations with status ok into a development and a test part.

    Training times become those of the machine that most of the development part was trained on;
    those of a machine that trained none of it become unknown.

    Args:
        space: Where the architectures are from.
        evaluations_file: The campaign's evaluations.
        proposals_file: Its proposals; an architecture's stratum is its first proposal's sampler.
        files: Written.
        test_fraction: Part of the architectures held out.
        seed: Seed of the split.
        set_aside: Samplers, all of whose architectures are in neither of the two parts, whoever
            else proposed them.
        test_samplers: Samplers, all of whose architectures are the test part, whoever else
            proposed them; none: a random `test_fraction` is. That part may be empty: they may be
            trained after everything else was decided.

    Raises:
        SurrogateError: There are too few architectures for either part.
    """
    table, _ = read_table(evaluations_file, "evaluations")
    ok = table.filter(pc.equal(table["status"], "ok")).to_pandas()
    proposals, _ = read_table(proposals_file, "proposals")
    stratum, tested, aside = _first_samplers(table, proposals, test_samplers, set_aside)
    ok["stratum"] = ok["architecture_id"].map(stratum | tested | aside)
    ids = sorted(set(ok["architecture_id"]) - set(aside))
    if test_samplers:
        test_ids = set(ids) & set(tested)
    else:
        held_out = test_part(ids, [stratum[i] for i in ids], test_fraction, seed)
        test_ids = {i for i, held in zip(ids, held_out, strict=True) if held}
    if not (test_ids or test_samplers) or len(ids) - len(test_ids) < MINIMUM_DEVELOPMENT:
        raise SurrogateError(
            f"{len(ids)} evaluated architectures give a development part of "
            f"{len(ids) - len(test_ids)} and a test part of {len(test_ids)}; at least "
            f"{MINIMUM_DEVELOPMENT} and 1 are needed: evaluate more, or see why trainings "
            "failed"
        )
    in_test = ok["architecture_id"].isin(test_ids)
    in_aside = ok["architecture_id"].isin(set(aside))
    ok["train_time_s"] = _put_on_one_machine(space, ok, ~in_test & ~in_aside, files.machines)
    for file, part in (
        (files.development, ok[~in_test & ~in_aside]),
        (files.test, ok[in_test]),
        (files.set_aside, ok[in_aside]),
    ):
        with atomic_path(file) as temporary:
            part[_COLUMNS].sort_values(["architecture_id", "replicate"]).to_parquet(
                temporary, index=False
            )


def _put_on_one_machine(
    space: SearchSpace, ok: pd.DataFrame, in_development: pd.Series, file: Path
) -> pd.Series:
    machines = compare_machines(space, ok[in_development])
    times = on_one_machine(ok, machines)
    if lost := int((ok["train_time_s"].notna() & times.isna()).sum()):
        _LOG.warning(
            "train_time_s of %d evaluations is left out: their machines trained nothing of the "
            "development part, so nothing tells how fast they are",
            lost,
        )
    write_text(file, json.dumps([asdict(machine) for machine in machines], indent=1) + "\n")
    return times


def _first_samplers(
    evaluations: pa.Table, proposals: pa.Table, *apart: Sequence[str]
) -> list[dict[str, str]]:
    """The sampler that proposed each architecture first: among others, and in each group apart."""
    ids = evaluations["evaluation_id"].to_pylist(), evaluations["architecture_id"].to_pylist()
    architecture_of = dict(zip(*ids, strict=True))
    group_of = {sampler: 1 + g for g, samplers in enumerate(apart) for sampler in samplers}
    first: list[dict[str, str]] = [{} for _ in range(1 + len(apart))]
    for sampler, evaluation_id in zip(
        proposals["sampler"].to_pylist(), proposals["evaluation_id"].to_pylist(), strict=True
    ):
        group = first[group_of.get(sampler, 0)]
        group.setdefault(architecture_of[evaluation_id], sampler)
    return first


def read_labels(file: Path, target: Target) -> Labels:
    """Labels of one target from a part written by `write_parts`.

    Raises:
        SurrogateError: The target is unknown for some evaluations, as imported ones may be.
    """
    rows = pd.read_parquet(file, columns=[*_KEYS, target.name])
    return make_labels(rows, target)


def read_known_labels(file: Path, target: Target) -> Labels:
    """`read_labels` of those trainings whose target is known.

    Times of machines that trained nothing of the development part are not, see `write_parts`.
    """
    rows = pd.read_parquet(file, columns=[*_KEYS, target.name])
    return make_labels(rows[rows[target.name].notna()], target)


def make_labels(rows: pd.DataFrame, target: Target) -> Labels:
    """Labels from a row per training.

    Args:
        rows: Columns architecture, architecture_id, stratum, replicate, and the target's name.
        target: What is learnt.

    Raises:
        SurrogateError: The target is unknown for some trainings.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = rows.assign(label=target.scale.forward(rows[target.name].to_numpy()))
    known = np.isfinite(rows["label"])
    if not known.all():
        raise SurrogateError(
            f"{target.name} is unknown for {(~known).sum()} of {len(rows)} evaluations; leave it "
            "out of surrogates.targets"
        )
    groups = rows.sort_values("replicate").groupby("architecture_id", sort=True)
    first = groups.first()
    counts = groups["label"].size().to_numpy()
    variances = groups["label"].var(ddof=1).to_numpy()
    repeated = counts > 1
    return Labels(
        architectures=first["architecture"].tolist(),
        architecture_ids=first.index.tolist(),
        strata=first["stratum"].tolist(),
        values=groups["label"].mean().to_numpy(),
        seeds=counts,
        first=first["label"].to_numpy(),
        replicates=Replicates(variances[repeated], counts[repeated]),
    )
