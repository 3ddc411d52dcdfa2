"""The scores that `nasforge info` prints: surrogates side by side, and rows with all there is.

>>> print_scores(manifest, all_of_them=False)
"""

from collections.abc import Iterator, Sequence

from nasforge.benchmark.card import SHORT
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.score_text import ceiling_text, score_text
from nasforge.cli.rows import format_table

MAIN = "val_accuracy"
"""The target that surrogates are selected by; every benchmark has it."""

CEILING = "a ceiling is what a perfect one would score"


def print_scores(manifest: Manifest, all_of_them: bool) -> None:
    """Scores on held-out architectures.

    Args:
        manifest: Whose surrogates.
        all_of_them: Every row; else the surrogates side by side, and the rows of the selected one.
    """
    heading = ["target", "metric", "n", "score [90 % interval]", "ceiling"]
    if all_of_them:
        print(f"Surrogates on held-out architectures; {CEILING}")
        rows = [
            [_label(manifest, name), *row]
            for name in manifest.surrogates
            for row in _rows(manifest, name)
        ]
        print(format_table([["surrogate", *heading], *rows]))
        print("* answers unless another one is asked for")
        return
    print(f"Surrogates on held-out architectures, {MAIN}; {CEILING}")
    print(format_table(_side_by_side(manifest)))
    print("* answers unless another one is asked for")
    more = "; --scores shows the others too" if len(manifest.surrogates) > 1 else ""
    print(f"\n{manifest.selected} on held-out architectures{more}")
    print(format_table([heading, *_rows(manifest, manifest.selected)]))


def main_score(manifest: Manifest) -> str:
    """The selected surrogate and its first score, in a line."""
    rows = manifest.surrogates[manifest.selected].targets[MAIN].scores
    for row in rows:
        if row["metric"] == SHORT[0]:
            score = f"{SHORT[0]} of {MAIN} {score_text(row)}, ceiling {ceiling_text(row)}"
            return f"{manifest.selected}: {score}"
    return manifest.selected


def _side_by_side(manifest: Manifest) -> list[Sequence[str]]:
    """A line per surrogate, and the ceilings of the selected one."""
    scores = {
        name: {row["metric"]: row for row in surrogate.targets[MAIN].scores}
        for name, surrogate in manifest.surrogates.items()
    }
    selected = scores[manifest.selected]
    metrics = [metric for metric in SHORT if metric in selected]
    lines = [
        [_label(manifest, name), *(score_text(own[m]) if m in own else "-" for m in metrics)]
        for name, own in scores.items()
    ]
    ceilings = ["ceiling", *(ceiling_text(selected[metric]) for metric in metrics)]
    return [["surrogate", *metrics], *lines, ceilings]


def _rows(manifest: Manifest, surrogate: str) -> Iterator[list[str]]:
    for target, model in manifest.surrogates[surrogate].targets.items():
        for row in model.scores:
            yield [target, row["metric"], str(row["n"]), score_text(row), ceiling_text(row)]


def _label(manifest: Manifest, surrogate: str) -> str:
    return f"{surrogate} *" if surrogate == manifest.selected else surrogate
