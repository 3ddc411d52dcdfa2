"""`nasforge info`: what a benchmark says of itself.

$ nasforge info darts-digits-v1
"""

import argparse
import json
from typing import Any

import numpy as np

from nasforge.benchmark import Benchmark
from nasforge.benchmark.card import limit_lines
from nasforge.benchmark.entries import TargetEntry
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.section import Section
from nasforge.cli.parsing import print_fields
from nasforge.cli.rows import format_table
from nasforge.cli.scores import main_score, print_scores


def print_info(bench: Benchmark, options: argparse.Namespace) -> None:
    """Print the manifest: as JSON, or what people want to know first, as tables."""
    manifest = bench.manifest
    if options.json:
        print(json.dumps(manifest.to_json(), indent=1))
        return
    fields = {
        "name": manifest.full_name,
        "description": manifest.description,
        "space": f"{manifest.space['name']} ({bench.space.size:.3e} architectures)",
        "evaluations": manifest.evaluator,
        "data set": _dataset_text(manifest),
        "recipe": manifest.recipe["recipe_id"],
        **_training_set(manifest.training_set),
        "best known": manifest.best_known["architecture"],
        "predicted": _best_text(manifest.best_known),
        "surrogate": main_score(manifest),
        "licence": manifest.licence,
        "cite as": manifest.citation,
    }
    targets = [
        [name, entry.unit, entry.scale, *_noise_texts(entry)]
        for name, entry in manifest.targets.items()
    ]
    print_fields(fields)
    print("\nTargets; noise is the standard deviation between trainings (p: the prediction)")
    print(format_table([["target", "unit", "scale", "noise", "estimated from"], *targets]))
    print()
    print_scores(manifest, options.scores)
    print()
    print("\n".join(limit_lines(manifest)).strip().removeprefix("## "))


def _dataset_text(manifest: Manifest) -> str:
    spec = manifest.dataset.get("spec")
    source = f"{spec.get('source')}, " if isinstance(spec, dict) else ""
    return source + manifest.dataset["dataset_id"]


def _training_set(training: dict[str, Any]) -> dict[str, str]:
    """What the models were fitted on, and the whole campaign where it is recorded."""
    fields = {"fitted on": _trainings(training["evaluations"], training["architectures"])}
    section = Section(training, "training_set")
    if "campaign_evaluations" in training:
        counts = (section.get(f"campaign_{name}", int) for name in ("evaluations", "architectures"))
        fields["campaign"] = _trainings(*counts)
        if training.get("campaign_train_time_s") is not None:
            hours = section.number("campaign_train_time_s") / 3600
            fields["campaign"] += f", {hours:.2f} hours of training"
    if machines := section.rows("machines"):
        fields["trained on"] = "; ".join(
            f"{machine.get('name', str)} ({machine.get('trainings', int)})" for machine in machines
        )
    if samplers := section.rows("samplers"):
        fields["samplers"] = ", ".join(
            f"{part.get('sampler', str)} ({part.get('proposals', int)})" for part in samplers
        )
    return fields


def _trainings(evaluations: int, architectures: int) -> str:
    return f"{evaluations} trainings of {architectures} architectures"


def _best_text(best: dict[str, Any]) -> str | None:
    part = Section(best, "best_known")
    if "val_accuracy" not in best:
        return None
    by = f" by {part.get('surrogate', str)}" if "surrogate" in best else ""
    return f"val_accuracy {part.number('val_accuracy'):.4f}{by}"


def _noise_texts(entry: TargetEntry) -> tuple[str, str]:
    noise = entry.noise
    if noise is None:
        return "not estimable", "too few replicates"
    with np.errstate(over="ignore"):  # in a file of a stranger
        std = np.exp(0.5 * noise.log_variance)
    text = f"{100 * std:.2g} %" if entry.scale == "log" else f"{std:.4f}"
    if noise.slope:
        text += f" exp({0.5 * noise.slope:.3g} p)"
    return text, _trainings(noise.evaluations, noise.architectures)
