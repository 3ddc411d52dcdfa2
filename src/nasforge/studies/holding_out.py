"""Generalization, part one: a family's predictions of architectures that it was not shown.

    >>> hold_out(DARTS, HoldOutSources(development, proposals, record), [50, 100], 2, output)

Only the development part is used, so that the test part stays unread. Three schemes: `size`, a
number of training architectures, drawn from the other folds; `without`, everything that one
sampler (or all samplers of one optimizer) proposed is left out and predicted; and `seen`, the
replicated architectures are predicted after one training of each was learnt, as the paper did.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.targets import TARGETS, Scale
from nasforge.evaluations.tables import read_table
from nasforge.space.encoding import encode, layout_of
from nasforge.space.protocol import SearchSpace
from nasforge.studies.edits import edits
from nasforge.studies.numbers import write_numbers
from nasforge.studies.proposed import proposed_by
from nasforge.surrogates.ensemble import Bagging
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.selection import SELECTION_TARGET
from nasforge.surrogates.splits import fold_numbers

_LOG = logging.getLogger(__name__)

FOLDS = 5
SEED = 1
"""Of folds, draws and members; another one than that of the ensembles."""

FEWEST = 20
"""Architectures on either side, without which a split is left out."""


@dataclass(frozen=True)
class HoldOutSources:
    """Files that are read.

    Attributes:
        development: The development part.
        proposals: The campaign's proposals.
        record: Record of the family's fit of val_accuracy, which has its settings.
    """

    development: Path
    proposals: Path
    record: Path


@dataclass(frozen=True, eq=False)
class Split:
    """Who learns and who is predicted.

    Attributes:
        scheme: "size", "without" or "seen".
        group: Number of training architectures, or what was left out.
        inside: int64, rows of the training architectures.
        outside: int64, rows that are predicted.
        labels: float64 [n], what is learnt of all architectures.
    """

    scheme: str
    group: str
    inside: np.ndarray
    outside: np.ndarray
    labels: np.ndarray


def hold_out(
    space: SearchSpace,
    sources: HoldOutSources,
    sizes: Sequence[int],
    members: int,
    output: Path,
) -> None:
    """Fit on every split and write the predictions.

    Args:
        space: Where the architectures are from.
        sources: What is read.
        sizes: Numbers of training architectures; those larger than there are, are left out, and
            all there are is added.
        members: Members per fit, of which the mean is taken.
        output: scheme, group, trained (number of training architectures), architecture_id,
            prediction, distance (edits to the nearest training architecture, for the largest
            size; else -1), written as parquet.
    """
    record = json.loads(sources.record.read_text(encoding="utf-8"))
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    architectures = [space.parse(text) for text in labels.architectures]
    features = encode(space, architectures, record["encoding"])
    splits = [
        *size_splits(labels, sizes),
        *left_out_splits(labels, proposed_groups(space, sources.proposals)),
        *seen_split(labels),
    ]
    largest = max((len(s.inside) for s in splits if s.scheme == "size"), default=0)
    tables = []
    for split in splits:
        predicted = _predict(space, record, features, split, members)
        inside, outside = (
            [architectures[i] for i in rows] for rows in (split.inside, split.outside)
        )
        # Folds differ by one architecture in size.
        full = split.scheme == "size" and len(split.inside) > 0.99 * largest - 1
        tables.append(
            pd.DataFrame(
                {
                    "scheme": split.scheme,
                    "group": split.group,
                    "trained": len(split.inside),
                    "architecture_id": [labels.architecture_ids[i] for i in split.outside],
                    "prediction": predicted,
                    "distance": edits(space, outside, inside).min(axis=1) if full else -1,
                }
            )
        )
        _LOG.info("%s %s: %d fitted", split.scheme, split.group, len(split.inside))
    write_numbers(output, pd.concat(tables))


def size_splits(labels: Labels, sizes: Sequence[int]) -> Iterator[Split]:
    """For every fold, training sets of growing size from the other folds, each in the next."""
    fold_of = fold_numbers(labels.architecture_ids, labels.strata, FOLDS, SEED)
    for fold in range(FOLDS):
        outside, others = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        order = np.random.default_rng([SEED, fold]).permutation(others)
        for size in [s for s in sorted(sizes) if s < 0.9 * len(others)]:
            yield Split("size", str(size), order[:size], outside, labels.values)
        yield Split("size", "all", order, outside, labels.values)


def left_out_splits(labels: Labels, proposed: Mapping[str, set[str]]) -> Iterator[Split]:
    """For every group of architectures, a split without them."""
    ids = np.array(labels.architecture_ids)
    for group, members in proposed.items():
        left_out = np.isin(ids, list(members))
        if min(left_out.sum(), (~left_out).sum()) >= FEWEST:
            rows = np.flatnonzero(~left_out), np.flatnonzero(left_out)
            yield Split("without", group, *rows, labels.values)


def seen_split(labels: Labels) -> Iterator[Split]:
    """Learn one training of every architecture, and predict those that have others."""
    replicated = np.flatnonzero(labels.seeds > 1)
    if len(replicated):
        yield Split("seen", "all", np.arange(len(labels)), replicated, labels.first)


def proposed_groups(space: SearchSpace, proposals_file: Path) -> dict[str, set[str]]:
    """Ids of what each sampler proposed, and each optimizer that several samplers have."""
    groups = proposed_by(space, proposals_file, "sampler")
    table = read_table(proposals_file, "proposals")[0].to_pandas()
    for optimizer, samplers in table.groupby("optimizer")["sampler"].unique().items():
        if len(samplers) > 1:
            groups[f"all {optimizer}"] = set().union(*(groups[name] for name in samplers))
    return groups


def _predict(
    space: SearchSpace,
    record: Mapping[str, Any],
    features: np.ndarray,
    split: Split,
    members: int,
) -> np.ndarray:
    family, link = FAMILIES[record["family"]], Scale(record["link"])
    values = link.forward(split.labels[split.inside])
    seeds = Bagging(FOLDS, members, SEED)
    data = features[split.inside], values
    fitted = [
        family.fit(*data, seeds.seed_of(member), layout_of(space), **record["settings"])
        for member in range(members)
    ]
    predicted = [member.predict(features[split.outside])[:, 0] for member in fitted]
    return link.inverse(np.array(predicted)).mean(axis=0)
