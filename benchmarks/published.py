"""What benchmarks of surrogates share: labels of published evaluations, and held-out predictions.

>>> labels = read_published(Path("data/darts-cifar10-cpu"), LEFT_OUT)
>>> seen, unseen = predict("gin", labels, epochs=20)
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.targets import IDENTITY, TARGETS, Scale
from nasforge.evaluations.folder import find_tables
from nasforge.space import DARTS
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.labels import Labels, make_labels
from nasforge.surrogates.splits import fold_numbers

FOLDS, MEMBERS = 5, 2
LEFT_OUT = ("parameter_free", "fresh")
"""Samplers of the probe and of the test part, which nothing is tried out on."""
KEYS = ["architecture", "architecture_id", "replicate", "val_accuracy"]


def read_published(folder: Path, leave_out: Collection[str]) -> Labels:
    """Labels of all published evaluations but those of some samplers."""
    tables = []
    for part in find_tables(folder):
        sampler = part.evaluations.stem.rpartition("-")[0]
        if sampler not in leave_out:
            rows = pd.read_parquet(part.evaluations)
            tables.append(rows[rows["status"] == "ok"][[*KEYS, "evaluation_id"]])
    rows = pd.concat(tables).drop_duplicates("evaluation_id").assign(stratum="all")
    return make_labels(rows, TARGETS["val_accuracy"])


def predict(
    family: str,
    labels: Labels,
    encoding: str | None = None,
    link: str = IDENTITY.name,
    **settings: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of every architecture by members that learnt it, and by those that did not.

    Folds are split by network; the encoding is the family's own unless another one is named, and
    `link` the scale that members predict on.
    """
    scale = Scale(link)
    values = scale.forward(labels.values)
    features = DARTS.encode(
        [DARTS.parse(text) for text in labels.architectures],
        encoding or FAMILIES[family].encoding_for(DARTS),
    )
    seen, unseen = np.zeros(len(labels)), np.zeros(len(labels))
    fold_of = fold_numbers(labels.architecture_ids, labels.strata, FOLDS, 0)
    for fold in range(FOLDS):
        inside = fold_of != fold
        for seed in range(MEMBERS):
            member = FAMILIES[family].fit(
                features[inside], values[inside], seed, DARTS.graph_layout, **settings
            )
            predicted = scale.inverse(member.predict(features)[:, 0])
            unseen[~inside] += predicted[~inside] / MEMBERS
            seen[inside] += predicted[inside] / (MEMBERS * (FOLDS - 1))
    return seen, unseen
