"""A map of the evaluated networks, and the figure of the study of coverage.

>>> embed(DARTS, evaluated, networks, rng)       # evaluated with columns x and y
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.space.protocol import Architecture, SearchSpace
from nasforge.studies.style import colours, figure

EMBEDDED = 2000
"""Most networks that are embedded: t-SNE's time grows with them."""

ENCODINGS = ("graph_features", "one_hot")
COMPONENTS = 30
"""Principal components that t-SNE gets."""


def embed(
    space: SearchSpace,
    evaluated: pd.DataFrame,
    networks: Sequence[Architecture],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """t-SNE (van der Maaten & Hinton, JMLR 2008) of standardised encodings.

    Args:
        space: Where the networks are from.
        evaluated: A row per network.
        networks: The same, parsed.
        rng: Draws the networks, if there are more than `EMBEDDED`.

    Returns:
        Rows of `evaluated` with x and y.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = np.sort(rng.permutation(len(networks))[:EMBEDDED])
    encoding = next((name for name in ENCODINGS if name in space.encodings), space.encodings[0])
    features = space.encode([networks[row] for row in rows], encoding).astype(np.float64)
    spread = features.std(axis=0)
    features = (features - features.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    components = min(COMPONENTS, *features.shape)
    reduced = PCA(components, random_state=0).fit_transform(features)
    perplexity = min(30.0, (len(rows) - 1) / 3)
    places = TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(reduced)
    return evaluated.iloc[rows].assign(x=places[:, 0], y=places[:, 1])


def plot_coverage(embedded: pd.DataFrame, distances: pd.DataFrame, output: Path) -> None:
    """The map by optimizer and by accuracy, and the share of each group within so many edits."""
    optimizers = sorted(set(embedded["optimizer"]))
    colour = colours(optimizers)
    with figure(output, "What the evaluations cover", panels=3) as panels:
        for name in sorted(optimizers, key=lambda name: name != "random"):
            own = embedded[embedded["optimizer"] == name]
            panels[0].scatter(own["x"], own["y"], s=14, alpha=0.7, lw=0, color=colour[name],
                              label=name)  # fmt: skip
        panels[0].legend(
            frameon=False, fontsize=7, markerscale=1.5, ncols=3, loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
        )  # fmt: skip
        panels[0].set_title("by optimizer (t-SNE)", fontsize=10)
        drawn = panels[1].scatter(
            embedded["x"], embedded["y"], s=14, lw=0, c=100 * embedded["val_accuracy"],
            cmap="viridis",
        )  # fmt: skip
        panels[1].figure.colorbar(drawn, ax=panels[1], label="validation accuracy in %")
        panels[1].set_title("by accuracy", fontsize=10)
        for axes in panels[:2]:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[["left", "bottom"]].set_visible(False)
        _plot_distances(panels[2], distances)


def _plot_distances(axes: Axes, distances: pd.DataFrame) -> None:
    groups = list(dict.fromkeys(distances["group"]))
    colour = colours(groups)
    least, most = (int(end) for end in (distances["distance"].min(), distances["distance"].max()))
    edits = range(max(0, least - 1), most + 1)
    for number, group in enumerate(groups):
        own = distances.loc[distances["group"] == group, "distance"].to_numpy()
        share = [(own <= d).mean() for d in edits]
        axes.step(edits, share, where="post", color=colour[group], label=group,
                  lw=1.2, ls="-" if number < 8 else "--")  # fmt: skip
    axes.set_xlabel("edits to the nearest evaluated network")
    axes.set_ylabel("share of the group within")
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
