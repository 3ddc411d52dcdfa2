"""Coverage: how near the evaluated networks are to what optimizers find, and to the top region.

    >>> study_coverage(DARTS, CoverageSources(...), best_files, sample=200, outputs)

The top region is never chosen by measured values, of which the highest are lucky ones: it is the
best hundredth of random architectures by the benchmark's predictions, and an evaluated network is
in it by its out-of-fold prediction. A network counts as near if it is no farther from the evaluated
ones than an evaluated network is from the others on average: there surrogates were scored.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import nasforge
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.evaluations.tables import read_table
from nasforge.optimizers import OPTIMIZERS
from nasforge.space.protocol import Architecture, SearchSpace
from nasforge.studies.edits import edits
from nasforge.studies.embedding import embed, plot_coverage
from nasforge.studies.numbers import write_numbers
from nasforge.studies.proposed import proposed_by
from nasforge.studies.resampling import resampled_means
from nasforge.surrogates.fitting import OutOfFold
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.scores import INTERVAL
from nasforge.surrogates.selection import SELECTION_TARGET, Selection

_LOG = logging.getLogger(__name__)

DRAW_SEED = 6
TOP_PART = 0.01
RANDOM_PER_ROW = 100
"""Random architectures that are predicted for each one of the top region."""

FEWEST = 5
"""Networks, without which a group is left out."""

FOUND = "found by "
SPACE, TOP = "random in the space", "top hundredth of the space"


@dataclass(frozen=True)
class CoverageSources:
    """Files that are read.

    Attributes:
        folder: The frozen benchmark.
        development: The development part.
        evaluations: The campaign's evaluations.
        proposals: The campaign's proposals.
        selection: What `select` wrote.
    """

    folder: Path
    development: Path
    evaluations: Path
    proposals: Path
    selection: Path


@dataclass(frozen=True)
class CoverageOutputs:
    """Files that are written.

    Attributes:
        embedding: architecture, optimizer, val_accuracy, x, y; a row per embedded network, parquet.
        distances: group, distance (edits to the nearest evaluated network); a row each, parquet.
        summary: A row per group: networks, mean_distance with low and high (90 % bootstrap), near
            (share that is near) and near_edits (what counts as near), top (share of evaluated ones
            in the top region by out-of-fold prediction), parquet.
        figure: Embeddings, and distances.
        finding: One sentence.
    """

    embedding: Path
    distances: Path
    summary: Path
    figure: Path
    finding: Path


def study_coverage(
    space: SearchSpace,
    sources: CoverageSources,
    out_of_fold: Mapping[str, Path],
    best_files: Sequence[Path],
    sample: int,
    outputs: CoverageOutputs,
) -> None:
    """Embed the evaluated networks and measure distances to them.

    Args:
        space: Where the architectures are from.
        sources: What is read.
        out_of_fold: Out-of-fold predictions of val_accuracy, by surrogate.
        best_files: What `run_long` wrote, one per optimizer.
        sample: Networks per group whose distance is measured.
        outputs: What is written.
    """
    rng = np.random.default_rng(DRAW_SEED)
    evaluated = _evaluated(space, sources)
    networks = [space.parse(text) for text in evaluated["architecture"]]
    groups = _own_distances(space, networks, evaluated["optimizer"].to_numpy(), sample, rng)
    drawn, top, threshold = _regions(space, sources.folder, sample, rng)
    others = {SPACE: drawn, TOP: top}
    for file in best_files:
        best = pd.read_parquet(file).drop_duplicates("architecture")
        best = best.sort_values(["rank", "seed"]).head(sample)
        others[FOUND + best["optimizer"].iloc[0]] = [space.parse(t) for t in best["architecture"]]
    for name, architectures in others.items():
        groups[name] = edits(space, architectures, networks).min(axis=1)
    summary = _summary(groups, _top_shares(sources, out_of_fold, evaluated, threshold))
    embedded = embed(space, evaluated, networks, rng)
    distances = pd.DataFrame(
        [(group, int(d)) for group, own in groups.items() for d in own],
        columns=["group", "distance"],
    )
    write_numbers(outputs.embedding, embedded)
    write_numbers(outputs.distances, distances)
    write_numbers(outputs.summary, summary)
    write_text(outputs.finding, finding(summary, len(networks)) + "\n")
    plot_coverage(embedded, distances, outputs.figure)


def _evaluated(space: SearchSpace, sources: CoverageSources) -> pd.DataFrame:
    """architecture, architecture_id, val_accuracy (mean), and optimizer.

    That is one of those that proposed it: the first by name.
    """
    table = read_table(sources.evaluations, "evaluations")[0].to_pandas().query("status == 'ok'")
    rows = table.groupby(["architecture_id", "architecture"], as_index=False)["val_accuracy"].mean()
    optimizer: dict[str, str] = {}
    for name, ids in proposed_by(space, sources.proposals, "optimizer").items():
        for architecture_id in ids:
            optimizer.setdefault(architecture_id, name)
    return rows.assign(optimizer=rows["architecture_id"].map(optimizer))


def _own_distances(
    space: SearchSpace,
    networks: Sequence[Architecture],
    optimizer: np.ndarray,
    sample: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """From the networks of an optimizer to the nearest evaluated one that it did not make.

    What an optimizer with feedback proposed is near to its own earlier networks, which therefore do
    not count; draws without feedback are independent, and only the network itself does not.
    """
    groups = {}
    for name in sorted(set(optimizer)):
        own = np.flatnonzero(optimizer == name)
        feedback = name in OPTIMIZERS and OPTIMIZERS[name].uses_feedback
        chosen = rng.permutation(own)[:sample]
        excluded = (
            np.isin(np.arange(len(networks)), own)
            if feedback
            else chosen[:, None] == (np.arange(len(networks)))
        )
        if len(own) < FEWEST or np.broadcast_to(excluded, (len(chosen), len(networks))).all():
            continue
        distances = edits(space, [networks[row] for row in chosen], networks)
        groups[name] = np.where(excluded, np.iinfo(np.int64).max, distances).min(axis=1)
    return groups


def _regions(
    space: SearchSpace, folder: Path, sample: int, rng: np.random.Generator
) -> tuple[list[Architecture], list[Architecture], float]:
    """Random architectures, those of the top region, and where it begins."""
    benchmark = nasforge.load(folder, space=space)
    drawn = [space.sample(rng) for _ in range(RANDOM_PER_ROW * sample)]
    values = np.concatenate(
        [
            benchmark.query_many(drawn[start : start + 1000], [SELECTION_TARGET])[SELECTION_TARGET]
            for start in range(0, len(drawn), 1000)
        ]
    )
    threshold = float(np.quantile(values, 1 - TOP_PART))
    top = [drawn[i] for i in np.flatnonzero(values >= threshold)[:sample]]
    return drawn[:sample], top, threshold


def _top_shares(
    sources: CoverageSources,
    out_of_fold: Mapping[str, Path],
    evaluated: pd.DataFrame,
    threshold: float,
) -> dict[str, float]:
    """By optimizer, the share of its networks that are in the top region."""
    selected = Selection.read(sources.selection).selected
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    predicted = OutOfFold.read(out_of_fold[selected]).mean
    inside = dict(zip(labels.architecture_ids, predicted >= threshold, strict=True))
    known = evaluated[evaluated["architecture_id"].isin(inside)]
    shares = known["architecture_id"].map(inside).groupby(known["optimizer"]).mean()
    return {str(name): float(share) for name, share in shares.items()}


def _summary(groups: Mapping[str, np.ndarray], top_shares: Mapping[str, float]) -> pd.DataFrame:
    # What surrogates were scored on: evaluated networks, each beside the others.
    scored = np.concatenate(
        [own for name, own in groups.items() if name in top_shares] or list(groups.values())
    )
    near = scored.mean()
    rng = np.random.default_rng(0)
    means = [resampled_means(own[:, None], rng)[:, 0] for own in groups.values()]
    low, high = np.quantile(means, INTERVAL, axis=1)
    return pd.DataFrame(
        {
            "group": list(groups),
            "networks": [len(own) for own in groups.values()],
            "mean_distance": [own.mean() for own in groups.values()],
            "low": low,
            "high": high,
            "near": [(own <= near).mean() for own in groups.values()],
            "near_edits": near,
            "top": [top_shares.get(name, np.nan) for name in groups],
        }
    )


def finding(summary: pd.DataFrame, networks: int) -> str:
    """One sentence: how much of the top region, and of what was found, is near."""
    rows = summary.set_index("group")

    def away(name: str) -> str:
        row = rows.loc[name]
        return f"{row['mean_distance']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"

    found = ", ".join(
        f"{name.removeprefix(FOUND)} {away(name)}" for name in rows.index if name.startswith(FOUND)
    )
    shares = ", ".join(
        f"{name} {100 * share:.0f} %" for name, share in rows["top"].dropna().items()
    )
    return (
        f"From the nearest of {networks:,} evaluated networks, the top hundredth of the space is "
        f"{away(TOP)} edits away on average, random architectures {away(SPACE)}, the best of long "
        f"runs {found}; {100 * rows.loc[TOP, 'near']:.0f} % of the top hundredth is as near as "
        f"evaluated networks are to each other ({rows['near_edits'].iloc[0]:.1f} edits; of random "
        f"architectures {100 * rows.loc[SPACE, 'near']:.0f} %); in the top hundredth by "
        f"out-of-fold prediction is this share of each optimizer's networks: {shares}."
    )
