"""The results page: what a benchmark is worth, from the files that the DAG wrote.

    >>> write_results(sources, [Study("Long runs", figure, finding)], Path("page"))

A folder with results.md and its figures, which docs/ takes as it is. Nothing is computed here.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nasforge.benchmark.card import trained_text
from nasforge.evaluations.files import write_text
from nasforge.studies.score_tables import (
    by_family,
    candidates_table,
    generalization_tables,
    other_targets,
    score_tables,
)
from nasforge.surrogates.calibration import FEWEST_SEEDS_FOR_KL

PAGE = "results.md"
FIGURES = "figures"


@dataclass(frozen=True)
class ResultsSources:
    """Files that are read.

    Attributes:
        manifest: The frozen benchmark's.
        scores: Out-of-fold scores.
        test_scores: Scores on the test part.
        candidates: Errors and costs of all surrogates.
        generalization: Scores of the study of generalization.
        set_aside: Scores of what was set aside; None if nothing was.
    """

    manifest: Path
    scores: Path
    test_scores: Path
    candidates: Path
    generalization: Path
    set_aside: Path | None = None


@dataclass(frozen=True)
class Study:
    """A section of its own.

    Attributes:
        title: Its heading.
        figure: PNG.
        finding: Text file with what was found; None for a figure alone.
    """

    title: str
    figure: Path
    finding: Path | None = None


def write_results(sources: ResultsSources, studies: Sequence[Study], folder: Path) -> None:
    """Write the page and copy its figures.

    Args:
        sources: What is read.
        studies: In the order of the page.
        folder: Gets `results.md` and `figures/`.
    """
    manifest = json.loads(sources.manifest.read_text(encoding="utf-8"))
    test = pd.read_parquet(sources.test_scores)
    general = generalization_tables(pd.read_parquet(sources.generalization))
    sections = {
        "Test part": score_tables(test),
        "Other targets, test part": other_targets(test),
        "Out of fold": score_tables(pd.read_parquet(sources.scores)),
        "Error and cost of a query": candidates_table(pd.read_csv(sources.candidates)),
        **general,
    }
    if sources.set_aside is not None:
        aside = pd.read_parquet(sources.set_aside)
        for sampler, rows in aside.groupby("sampler"):
            sections[f"Set aside: {sampler}"] = by_family(rows)
    lines = [*_head(manifest), "## Scores", "", SCORES, ""]
    for title, table in sections.items():
        lines += [f"### {title}", "", *table, ""]
    lines += ["## Studies", ""]
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    for study in studies:
        lines += [f"### {study.title}", ""]
        if study.finding is not None:
            lines += [study.finding.read_text(encoding="utf-8").strip(), ""]
        lines += [f"![{study.title}]({FIGURES}/{study.figure.name})", ""]
        shutil.copyfile(study.figure, folder / FIGURES / study.figure.name)
    write_text(folder / PAGE, "\n".join(lines).rstrip() + "\n")


SCORES = (
    "Of val_accuracy, with intervals of 90 % by bootstrap over architectures. The ceiling is what "
    "a perfect surrogate would score against labels as noisy as these; the one-run table looks up "
    "another training of the same architecture. Predicted means are "
    "judged by the mean of an architecture's trainings, distributions by its first training, and "
    f"kl only on architectures with {FEWEST_SEEDS_FOR_KL} or more trainings: its heading has their "
    "number."
)


def _head(manifest: dict[str, Any]) -> list[str]:
    training = manifest["training_set"]
    best = manifest["best_known"]
    seconds = training["campaign_train_time_s"]
    hours = "" if seconds is None else f", {seconds / 3600:.1f} hours of training"
    samplers = ", ".join(f"{s['proposals']} by {s['sampler']}" for s in training["samplers"])
    return [
        f"# Results: {manifest['name']}-v{manifest['version']}",
        "",
        "Written by the pipeline (`snakemake ... studies`); every number below comes from a file "
        "of the run.",
        "",
        manifest["description"],
        "",
        f"- {training['campaign_evaluations']} evaluations of "
        f"{training['campaign_architectures']} architectures{hours}; the surrogates learnt from "
        f"{training['evaluations']} of {training['architectures']}.",
        f"- Proposals: {samplers}.",
        f"- Surrogates: {', '.join(manifest['surrogates'])}; selected out of fold: "
        f"{manifest['selected']}.",
        f"- Best known architecture, by the prediction of {best['surrogate']} "
        f"({best['val_accuracy']:.4f}{trained_text(best)}): `{best['architecture']}`.",
        "",
    ]
