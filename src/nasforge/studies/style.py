"""How every figure looks.

>>> with figure(output, "title") as [axes]: ...
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from nasforge.evaluations.files import atomic_path

# Okabe & Ito's palette, distinguishable to the colour-blind, and more of Tol's; black, which also
# stands for the truth and for ceilings, last.
PALETTE = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#882255"),
    *("#44AA99", "#999933", "#332288", "#000000"),
)
MUTED = "#999999"
PANELS_PER_ROW = 4
LEGEND_HEIGHT = 0.1
"""Of a figure: room for the lines of a legend below all panels."""


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour per name, in order, starting again after twelve."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}


def legend_below(axes: Axes) -> None:
    """Put the legend of one panel, which is that of all, below them."""
    handles, labels = axes.get_legend_handles_labels()
    columns = -(-len(labels) // 2) if len(labels) > 7 else len(labels)
    axes.figure.legend(
        handles, labels, loc="lower center", ncols=columns, frameon=False, fontsize=8
    )


@contextmanager
def figure(output: Path, title: str, panels: int = 1) -> Iterator[list[Axes]]:
    """Yield axes side by side, at most `PANELS_PER_ROW`; save them as PNG when done.

    Args:
        output: The PNG file, written atomically.
        title: Above all panels.
        panels: How many axes.
    """
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 10}):
        columns, rows = min(panels, PANELS_PER_ROW), -(-panels // PANELS_PER_ROW)
        width = 6.4 if panels == 1 else 5.0 * columns
        drawing, axes = plt.subplots(rows, columns, figsize=(width, 4.4 * rows), squeeze=False)
        for unused in axes.flat[panels:]:
            unused.set_visible(False)
        try:
            yield list(axes.flat[:panels])
            drawing.suptitle(title)
            drawing.tight_layout(rect=(0.0, LEGEND_HEIGHT if drawing.legends else 0.0, 1.0, 1.0))
            with atomic_path(output) as temporary:
                drawing.savefig(temporary, dpi=130, format="png")
        finally:
            plt.close(drawing)
