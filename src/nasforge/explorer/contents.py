"""What the page says of a benchmark: its manifest, rearranged, and the card's words.

>>> describe(manifest, "forest")
"""

from collections.abc import Mapping
from typing import Any

from nasforge.benchmark.card import dataset_text, limit_lines, listed, noise_lines
from nasforge.benchmark.manifest import Manifest

_NUMBERS = ("score", "low", "high", "ceiling", "table")


def describe(manifest: Manifest, surrogate: str) -> dict[str, Any]:
    """Texts, counts and scores.

    Args:
        manifest: Of the benchmark.
        surrogate: The one that answers in the page.
    """
    return {
        "name": manifest.name,
        "version": manifest.version,
        "full_name": manifest.full_name,
        "description": manifest.description,
        "evaluator": manifest.evaluator,
        "dataset": dataset_text(manifest),
        "recipe": listed(manifest.recipe),
        "training_set": dict(manifest.training_set),
        "best_known": dict(manifest.best_known),
        "selected": manifest.selected,
        "surrogate": surrogate,
        "scores": _scores(manifest),
        "limits": _items(limit_lines(manifest)),
        "noise": _items(noise_lines(manifest)),
        "licence": manifest.licence,
        "citation": manifest.citation,
    }


def _items(lines: list[str]) -> list[str]:
    """The items of a list in Markdown."""
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")]


def _scores(manifest: Manifest) -> list[dict[str, Any]]:
    """A row per surrogate, target and metric; None where a number is not known."""
    rows = [
        ({"surrogate": name, "target": target}, row)
        for name, surrogate in manifest.surrogates.items()
        for target, model in surrogate.targets.items()
        for row in model.scores
    ]
    if manifest.curve is not None:
        # Their target is val_accuracy@1, ...: the accuracy after an epoch.
        rows += [
            ({"surrogate": "curve", "target": str(row.get("target", "curve"))}, row)
            for row in manifest.curve.scores
        ]
    return [{**where, **_numbers(row)} for where, row in rows]


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: row.get(name) for name in _NUMBERS}
    if not row["estimable"]:
        numbers |= {"ceiling": None, "table": None}
    return {"metric": row["metric"], "n": row["n"], **numbers}
