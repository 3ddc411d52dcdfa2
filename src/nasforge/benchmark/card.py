"""CARD.md: what a benchmark is, how good it is and where it must not be trusted, in prose.

>>> print(format_card(manifest))
"""

from collections.abc import Mapping
from typing import Any

from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.score_text import ceiling_text, score_text

CARD_FILE = "CARD.md"

_EVALUATORS = {
    "train": "trained by nasforge",
    "replay": "trained by nasforge, looked up in a table",
    "simulate": "SIMULATED, drawn from another benchmark; nothing was trained",
    "import": "imported, trained elsewhere",
}

_GUIDELINES = """\
## Use

- Treat it as a black box: no gradients, no embeddings, no reading of its arrays by an optimizer.
- Do not judge an optimizer whose own predictor is of the surrogate's model family on it.
- Report the full name with version and surrogate, at least 10 seeds per optimizer, and regret
  over simulated time.
- Predictions far from what was evaluated (see the samplers) are extrapolation.
"""


def format_card(manifest: Manifest) -> str:
    """The card's text, made from the manifest alone."""
    training = manifest.training_set
    samplers = ", ".join(
        f"{entry['sampler']} ({entry['optimizer']}, {entry['proposals']})"
        for entry in training["samplers"]
    )
    hours = training.get("campaign_train_time_s")
    time = "" if hours is None else f" in {hours / 3600:.2f} hours of training"
    return "\n".join(
        [
            f"# {manifest.full_name}",
            "",
            manifest.description,
            "",
            "## What it is",
            "",
            f"- Search space: {manifest.space['name']}, version {manifest.space['version']}.",
            f"- Evaluations: {_EVALUATORS.get(manifest.evaluator, manifest.evaluator)}.",
            f"- Data set {manifest.dataset['dataset_id']}: {_dataset_text(manifest)}.",
            f"- Recipe {manifest.recipe['recipe_id']}: {_listed(manifest.recipe)}.",
            f"- Fitted on {training['evaluations']} trainings of {training['architectures']} "
            f"architectures; the campaign made {training['campaign_evaluations']} trainings of "
            f"{training['campaign_architectures']} architectures{time}.",
            f"- Proposals by sampler: {samplers}.",
            f"- Best known architecture (by {manifest.best_known['surrogate']}'s prediction, "
            f"{manifest.best_known['val_accuracy']:.4f}): "
            f"`{manifest.best_known['architecture']}`.",
            "",
            "## How good it is",
            "",
            "On architectures held out from all fitting and selection, with 90 % intervals. The "
            "ceiling is what a perfect surrogate would score on labels as noisy as these.",
            "",
            *_score_lines(manifest),
            "",
            *_noise_lines(manifest),
            "",
            _GUIDELINES,
            f"Licence: {manifest.licence}. Cite as: {manifest.citation}.",
            "",
        ]
    )


def _dataset_text(manifest: Manifest) -> str:
    if manifest.evaluator != "train":
        return _listed(manifest.dataset)
    spec = manifest.dataset["spec"]
    return (
        f"{spec['source']} at {spec['image_size']} x {spec['image_size']}, "
        f"{spec['train_images']} for training, {spec['validation_images']} for validation, "
        f"{spec['test_images']} for testing"
    )


def _listed(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in record.items() if k not in ("recipe_id", "dataset_id"))


def _score_lines(manifest: Manifest) -> list[str]:
    lines = [
        "| surrogate | target | metric | n | score | ceiling |",
        "|---|---|---|---|---|---|",
    ]
    for name, surrogate in manifest.surrogates.items():
        default = " (default)" if name == manifest.selected else ""
        for target, model in surrogate.targets.items():
            lines += [
                f"| {name}{default} | {target} | {row['metric']} | {row['n']} "
                f"| {score_text(row)} | {ceiling_text(row)} |"
                for row in model.scores
            ]
    return lines


def _noise_lines(manifest: Manifest) -> list[str]:
    lines = ["Noise between training seeds:", ""]
    for target, entry in manifest.targets.items():
        if entry.noise is None:
            lines.append(f"- {target}: not estimable, too few replicates.")
            continue
        kind = "grows or falls with the prediction" if entry.noise.slope else "constant"
        lines.append(
            f"- {target} ({entry.scale} scale): {kind}, from {entry.noise.evaluations} trainings "
            f"of {entry.noise.architectures} architectures."
        )
    return lines
