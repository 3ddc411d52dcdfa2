"""Samplers that no surrogate learnt from: predictions beside trainings, and scores.

    >>> score_set_aside(DARTS, SetAsideSources(set_aside, development, selection), records, outputs)

The probe `parameter_free` has a figure of its own: predictions must fall as trainings do.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.model import Encoded
from nasforge.benchmark.score_text import score_text
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.optimizers.parameter_free import PARAMETER_FREE
from nasforge.space import SearchSpace
from nasforge.studies.numbers import write_numbers
from nasforge.studies.style import colours, figure
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.scores import format_scores
from nasforge.surrogates.selection import SELECTION_TARGET, Selection, scores_of

_LOG = logging.getLogger(__name__)

FEWEST = 10
"""Architectures, without which a sampler is not scored."""


@dataclass(frozen=True)
class SetAsideSources:
    """Files that are read.

    Attributes:
        set_aside: The set-aside architectures.
        development: The development part, whose replicates give the ceilings' noise.
        selection: What `select` wrote.
    """

    set_aside: Path
    development: Path
    selection: Path


@dataclass(frozen=True)
class SetAsideOutputs:
    """Files that are written.

    Attributes:
        predictions: sampler, architecture, label, seeds, parameter_free (operations), and a
            column per surrogate, parquet.
        scores: The score table with a column `sampler`, parquet.
        figure: Trained and predicted accuracy over the number of parameter-free operations.
        finding: What they say, in a sentence or two.
    """

    predictions: Path
    scores: Path
    figure: Path
    finding: Path


def score_set_aside(
    space: SearchSpace,
    sources: SetAsideSources,
    record_files: Mapping[str, Path],
    outputs: SetAsideOutputs,
) -> None:
    """Predict val_accuracy of what was set aside, by the models that will be exported.

    Args:
        space: Where the architectures are from.
        sources: What is read.
        record_files: Records of the fits of val_accuracy, by surrogate.
        outputs: What is written.
    """
    target = TARGETS[SELECTION_TARGET]
    truth = read_labels(sources.set_aside, target)
    encoded = Encoded(space, [space.parse(text) for text in truth.architectures])
    members = {name: read_model(file).predict(encoded) for name, file in record_files.items()}
    table = pd.DataFrame(
        {
            "sampler": truth.strata,
            "architecture": truth.architectures,
            "label": truth.values,
            "seeds": truth.seeds,
            "parameter_free": [
                sum(text.count(operation) for operation in PARAMETER_FREE)
                for text in truth.architectures
            ],
            **{name: values.mean(axis=1) for name, values in members.items()},
        }
    )
    write_numbers(outputs.predictions, table)
    scores = _scores(truth, members, sources)
    write_numbers(outputs.scores, scores)
    surrogates = [name for name in members if name != "mean"]
    write_text(outputs.finding, finding(table, scores, surrogates) + "\n")
    plot_parameter_free(table, surrogates, outputs.figure)


def _scores(
    truth: Labels, members: Mapping[str, np.ndarray], sources: SetAsideSources
) -> pd.DataFrame:
    development = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    selection = Selection.read(sources.selection)
    tables = []
    for sampler in sorted(set(truth.strata)):
        rows = np.flatnonzero(np.array(truth.strata) == sampler)
        if len(rows) < FEWEST:
            continue
        predictions = {
            name: (values[rows].mean(axis=1), values[rows].var(axis=1, ddof=1))
            for name, values in members.items()
        }
        table = scores_of(
            SELECTION_TARGET, "set aside", truth.at(rows), predictions, development, selection
        )
        tables.append(table.assign(sampler=sampler))
        _LOG.info("%s\n%s", sampler, format_scores(table))
    return pd.concat(tables, ignore_index=True)


def finding(table: pd.DataFrame, scores: pd.DataFrame, surrogates: Sequence[str]) -> str:
    """Who predicts what was set aside best, and whether predictions fall as trainings do.

    Args:
        table: A row per architecture: sampler, label, parameter_free, a column per surrogate.
        scores: The score table with a column `sampler`.
        surrogates: All but the mean.
    """
    sentences = []
    own = scores[(scores["metric"] == "r2") & scores["family"].isin(surrogates)]
    for sampler, rows in own.groupby("sampler"):
        best = rows.loc[rows["score"].idxmax()]
        sentences.append(
            f"Of the {best['n']} architectures of {sampler}, which no surrogate learnt from, "
            f"{best['family']} predicts best: R2 {score_text(best, digits=2)}."
        )
    means = _parameter_free(table).groupby("parameter_free")[["label", *surrogates]].mean()
    if len(means) > 1:
        last = means.iloc[-1]
        falls = means.loc[means["label"].idxmax()] - last
        nearest = str((last[surrogates] - last["label"]).abs().idxmin())
        sentences.append(
            f"From the best share of parameter-free operations to {means.index[-1]} of them "
            f"trained accuracy falls by {100 * falls['label']:.1f} points, predictions by "
            f"{100 * falls[surrogates].min():.1f} to {100 * falls[surrogates].max():.1f}; nearest "
            f"to the truth there ({last['label']:.3f}) is {nearest} ({last[nearest]:.3f})."
        )
    return " ".join(sentences) or "Nothing was scored: too few architectures are set aside."


def _parameter_free(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["sampler"].str.startswith("parameter_free")]


def plot_parameter_free(table: pd.DataFrame, surrogates: list[str], output: Path) -> None:
    """Trained and predicted accuracy over the number of parameter-free operations."""
    rows = _parameter_free(table)
    means = rows.groupby("parameter_free")[["label", *surrogates]].mean()
    colour = colours(surrogates)
    title = "Ever more parameter-free operations (of 16)"
    with figure(output, title) as [axes]:
        axes.scatter(rows["parameter_free"], rows["label"], s=10, color="black", alpha=0.5)
        axes.plot(means.index, means["label"], color="black", lw=2, label="trained, mean")
        for name in surrogates:
            axes.plot(means.index, means[name], color=colour[name], lw=1, label=name)
        axes.set_xlabel("parameter-free operations")
        axes.set_ylabel("validation accuracy")
        axes.legend(frameon=False, fontsize=7)
