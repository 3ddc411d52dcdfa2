"""CARD.md: what a benchmark is, how good it is and where it must not be trusted, in prose.

>>> print(format_card(manifest))
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasforge.benchmark.entries import ModelEntry
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.score_text import ceiling_text, score_text, table_text
from nasforge.benchmark.section import Section

CARD_FILE = "CARD.md"

SHORT = ("r2", "kendall_tau", "mae", "coverage_90")
"""Metrics of surrogates and targets that have one line each."""

_EVALUATORS = {
    "train": "trained by nasforge",
    "replay": "trained by nasforge, looked up in a table",
    "simulate": "SIMULATED, drawn from another benchmark; nothing was trained",
    "import": "imported, trained elsewhere",
}

_KINDS = {
    "linear": "linear models",
    "forest": "tree ensembles",
    "kernel": "kernel machines",
    "gin": "graph networks",
    "mlp": "perceptrons",
}
"""Model families by kind of predictor."""


def format_card(manifest: Manifest) -> str:
    """The card's text, made from the manifest alone."""
    return "\n".join(
        [
            f"# {manifest.full_name}",
            "",
            manifest.description,
            "",
            *_what_it_is(manifest),
            *_how_good(manifest),
            *_curve_lines(manifest),
            *noise_lines(manifest),
            *limit_lines(manifest),
            *_use(manifest),
            f"Licence: {manifest.licence}. Cite as: {manifest.citation}.",
            "",
        ]
    )


def _what_it_is(manifest: Manifest) -> list[str]:
    training, best = manifest.training_set, manifest.best_known
    hours = training.get("campaign_train_time_s")
    time = "" if hours is None else f" in {hours / 3600:.2f} hours of training"
    predicted = ", ".join(f"`{target}`" for target in manifest.targets)
    return [
        "## What it is",
        "",
        f"- Search space: {manifest.space['name']}, version {manifest.space['version']}.",
        f"- Predicts {predicted}.",
        f"- Evaluations: {_EVALUATORS.get(manifest.evaluator, manifest.evaluator)}.",
        f"- Data set {manifest.dataset['dataset_id']}: {dataset_text(manifest)}.",
        f"- Recipe {manifest.recipe['recipe_id']}: {listed(manifest.recipe)}.",
        f"- Fitted on {training['evaluations']} trainings of {training['architectures']} "
        f"architectures; the campaign made {training['campaign_evaluations']} trainings of "
        f"{training['campaign_architectures']} architectures{time}.",
        *_machine_lines(manifest),
        f"- Proposals by sampler: {_samplers(manifest)}.",
        f"- Best known architecture (by {best['surrogate']}'s prediction, "
        f"{best['val_accuracy']:.4f}{trained_text(best)}): `{best['architecture']}`.",
        "",
    ]


def _machine_lines(manifest: Manifest) -> list[str]:
    """On what it was trained, and what was done to the times of all machines but the first."""
    machines = manifest.training_set.get("machines", [])
    if not machines:
        return []
    texts = [f"{machines[0]['name']} ({machines[0]['trainings']} trainings)"]
    texts += [
        f"{machine['name']} ({machine['trainings']}, times multiplied by {machine['factor']:.3g})"
        for machine in machines[1:]
    ]
    seconds = "" if len(texts) == 1 else "; `train_time_s` is in seconds of the first"
    return [f"- Trained on {'; '.join(texts)}{seconds}."]


def trained_text(best: Mapping[str, Any]) -> str:
    """What the trainings of the best known architecture gave; "" if the file does not say."""
    if "trainings" not in best:
        return ""
    times = "once" if best["trainings"] == 1 else f"{best['trainings']} times"
    return f"; trained {times}: {best['trained']:.4f}"


def _samplers(manifest: Manifest) -> str:
    return ", ".join(
        f"{entry['sampler']} ({entry['optimizer']}, {entry['proposals']})"
        for entry in manifest.training_set["samplers"]
    )


def dataset_text(manifest: Manifest) -> str:
    """The data set in a line."""
    if manifest.evaluator != "train":
        return listed(manifest.dataset)
    spec = manifest.dataset["spec"]
    return (
        f"{spec['source']} at {spec['image_size']} x {spec['image_size']}, "
        f"{spec['train_images']} for training, {spec['validation_images']} for validation, "
        f"{spec['test_images']} for testing"
    )


def listed(record: Mapping[str, Any]) -> str:
    """What a recipe or data set says of itself, but its id, in a line."""
    return ", ".join(f"{k} {v}" for k, v in record.items() if k not in ("recipe_id", "dataset_id"))


def _how_good(manifest: Manifest) -> list[str]:
    """The default surrogate's accuracy in full, then a line for every model."""
    default = manifest.surrogates[manifest.selected].targets["val_accuracy"]
    full = [
        [row["metric"], row["n"], score_text(row), table_text(row), ceiling_text(row)]
        for row in default.scores
    ]
    short = [
        [f"{name} (default)" if name == manifest.selected else name, target, *_short(model)]
        for name, surrogate in manifest.surrogates.items()
        for target, model in surrogate.targets.items()
    ]
    return [
        "## How good it is",
        "",
        "On architectures held out from all fitting and selection, with 90 % intervals. The "
        "one-run table is what a table of one training per architecture would score, the ceiling "
        "what a perfect surrogate would on labels as noisy as these. `val_accuracy` by "
        f"{manifest.selected}, the default surrogate:",
        "",
        *_markdown(["metric", "n", "score", "one-run table", "ceiling"], full),
        "",
        "All surrogates and targets; mae of a target on the log scale is relative. `nasforge info` "
        "prints every score.",
        "",
        *_markdown(["surrogate", "target", *SHORT], short),
        "",
    ]


def _short(model: ModelEntry) -> list[str]:
    by_metric = {row["metric"]: score_text(row, digits=3) for row in model.scores}
    return [by_metric.get(metric, "-") for metric in SHORT]


def _curve_lines(manifest: Manifest) -> list[str]:
    if manifest.curve is None:
        return []
    epochs: dict[str, dict[str, str]] = {}
    for row in manifest.curve.scores:
        by_metric = epochs.setdefault(str(row.get("target", "-")).rpartition("@")[2], {})
        by_metric[row["metric"]] = score_text(row, digits=3)
    metrics = SHORT[:3]
    rows = [[epoch, *(scores.get(m, "-") for m in metrics)] for epoch, scores in epochs.items()]
    table = ["Held-out scores:", "", *_markdown(["epoch", *metrics], rows)]
    return [
        "## Learning curves",
        "",
        f"`bench.curve` predicts val_accuracy after each of {manifest.curve.epochs} epochs, "
        "without noise; the difference to the last one is the same for all surrogates.",
        *(table if rows else ["No scores are recorded."]),
        "",
    ]


def noise_lines(manifest: Manifest) -> list[str]:
    """The section on noise, in Markdown."""
    lines = ["## Noise between training seeds", ""]
    for target, entry in manifest.targets.items():
        if entry.noise is None:
            lines.append(f"- {target}: not estimable, too few replicates; it cannot be drawn.")
            continue
        kind = "grows or falls with the prediction" if entry.noise.slope else "constant"
        lines.append(
            f"- {target} ({entry.scale} scale): {kind}, from {entry.noise.evaluations} trainings "
            f"of {entry.noise.architectures} architectures."
        )
    return [*lines, ""]


def limit_lines(manifest: Manifest) -> list[str]:
    """The section on limits, in Markdown."""
    lines = [
        "## Where it must not be trusted",
        "",
        f"- Outside the region of the samplers above. {_held_out(manifest)}",
        "- At the end of long runs. An optimizer that asks often finds where the surrogate errs "
        "upward, and its best value is then too good: confirm the winner with other surrogates of "
        "this benchmark, or by training it.",
        "- `epistemic_std` of architectures that the surrogate was fitted on: it is calibrated on "
        "held-out ones, so for these it is too large. It is not part of the noise draws.",
        "- Differences between two architectures that are smaller than the mae above.",
    ]
    if "train_time_s" in manifest.targets:
        lines.append(
            "- `train_time_s` on other machines than that of the evaluations; its ratios carry "
            "over better than its seconds."
        )
    return [*lines, ""]


def _held_out(manifest: Manifest) -> str:
    """Of whose architectures the scores tell nothing."""
    training = Section(manifest.training_set, "training_set")
    samplers = {row.get("sampler", str) for row in training.rows("samplers")}
    known = "held_out_samplers" in training.data
    held_out = set(map(str, training.get("held_out_samplers", list))) if known else samplers
    if samplers <= held_out:
        return (
            "Held-out architectures are from the same samplers, so the scores say nothing of "
            "architectures unlike theirs."
        )
    return (
        f"Held-out architectures are from {', '.join(sorted(held_out))} alone, so the scores say "
        "nothing of architectures unlike these."
    )


def _use(manifest: Manifest) -> list[str]:
    families: dict[str, list[str]] = {}
    for name, surrogate in manifest.surrogates.items():
        kinds = {p.kind for model in surrogate.targets.values() for p in model.parts}
        for kind in sorted(kinds):
            families.setdefault(_KINDS.get(kind, kind), []).append(name)
    present = "; ".join(f"{family} ({', '.join(names)})" for family, names in families.items())
    draws = " with noise draws" if manifest.targets["val_accuracy"].noise else ""
    return [
        "## Use",
        "",
        "- Treat it as a black box: no gradients, no embeddings, no reading of its arrays by an "
        "optimizer.",
        "- Do not judge an optimizer on a surrogate of its own predictor's model family. Here are "
        f"{present}; choose with `nasforge.load(path, surrogate=...)`.",
        f"- Report the full name with version and surrogate (`{manifest.full_name}/"
        f"{manifest.selected}`), at least 10 seeds per optimizer{draws}, and regret over "
        "simulated time.",
        "",
    ]


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (heading, ["---"] * len(heading), *rows)]
