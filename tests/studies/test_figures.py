"""The report's figures: what is drawn, read back from matplotlib's axes."""

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from nasforge.studies import figures, style

PROPOSED = pd.DataFrame(
    {
        "sampler": ["random"] * 4 + ["evolution"] * 3,
        "generation": [0, 0, 1, 1, 0, 1, 1],
        "position": [0, 1, 0, 1, 0, 0, 1],
        "evaluation_id": list("abcdefg"),
        # A failed training, and a best one that is not the last.
        "val_accuracy": [0.5, math.nan, 0.7, 0.6, math.nan, 0.4, 0.8],
    }
)


@pytest.fixture
def drawn(watch_figures: Callable[[ModuleType], list[Axes]]) -> list[Axes]:
    """The axes of the figures drawn in a test."""
    return watch_figures(figures)


def is_png(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG") and plt.get_fignums() == []


def test_every_successful_proposal_is_a_point_of_its_sampler(
    tmp_path: Path, drawn: list[Axes]
) -> None:
    figures.plot_accuracy_by_sampler(PROPOSED, tmp_path / "a.png")
    points = [collection.get_offsets() for collection in drawn[0].collections[::2]]
    assert [sorted(p[:, 1]) for p in points] == [[0.5, 0.6, 0.7], [0.4, 0.8]]
    medians = [collection.get_segments()[0][0, 1] for collection in drawn[0].collections[1::2]]
    assert medians == pytest.approx([0.6, 0.6])
    assert is_png(tmp_path / "a.png")


def test_best_so_far_never_falls_and_starts_when_something_succeeded(
    tmp_path: Path, drawn: list[Axes]
) -> None:
    figures.plot_best_so_far(PROPOSED, tmp_path / "b.png")
    random, evolution = (line.get_ydata() for line in drawn[0].lines)
    np.testing.assert_array_equal(random, [0.5, 0.5, 0.7, 0.7])
    np.testing.assert_array_equal(evolution, [np.nan, 0.4, 0.8])
    assert is_png(tmp_path / "b.png")


def test_learning_curves_show_every_training_and_a_median_per_sampler(
    tmp_path: Path, drawn: list[Axes]
) -> None:
    curves = pd.DataFrame(
        [(e, epoch, 0.1 * epoch + 0.01 * i) for i, e in enumerate("acg") for epoch in (1, 2, 3)],
        columns=["evaluation_id", "epoch", "val_accuracy"],
    )
    figures.plot_learning_curves(curves, PROPOSED, tmp_path / "c.png")
    assert len(drawn[0].lines) == 3 + 2
    np.testing.assert_allclose(drawn[0].lines[3].get_ydata(), [0.105, 0.205, 0.305])
    assert is_png(tmp_path / "c.png")


def test_imported_evaluations_may_have_no_learning_curves(
    tmp_path: Path, drawn: list[Axes]
) -> None:
    curves = pd.DataFrame({"evaluation_id": [], "epoch": [], "val_accuracy": []}, dtype=object)
    figures.plot_learning_curves(curves, PROPOSED, tmp_path / "c.png")
    assert [text.get_text() for text in drawn[0].texts] == ["none imported"]
    assert is_png(tmp_path / "c.png")


def test_each_surrogate_has_a_panel_with_its_scores(tmp_path: Path, drawn: list[Axes]) -> None:
    predictions = pd.DataFrame(
        {
            "family": ["mean"] * 2 + ["linear"] * 2,
            "stratum": ["random", "evolution"] * 2,
            "architecture_id": ["x", "y"] * 2,
            "prediction": [0.5, 0.5, 0.4, 0.6],
            "label": [0.45, 0.62] * 2,
        }
    )
    numbers = {"score": 0.25, "low": -0.0001, "high": 0.5, "ceiling": 0.8}
    scores = pd.DataFrame(
        [
            {"family": family, "metric": metric, "estimable": estimable, **numbers}
            for family, estimable in (("mean", False), ("linear", True))
            for metric in ("r2", "kendall_tau")
        ]
    )
    figures.plot_predicted_against_true(predictions, scores, "linear", tmp_path / "d.png")
    titles = [axes.get_title() for axes in drawn]
    assert titles[0].startswith("mean\nR² 0.25 [0.00, 0.50], ceiling not estimable")
    assert titles[1].startswith("linear (selected)\nR² 0.25 [0.00, 0.50], ceiling 0.80")
    offsets = np.concatenate([c.get_offsets() for c in drawn[1].collections])
    assert sorted(map(tuple, offsets.tolist())) == [(0.4, 0.45), (0.6, 0.62)]
    assert is_png(tmp_path / "d.png")


def test_a_calibrated_surrogate_is_flat(tmp_path: Path, drawn: list[Axes]) -> None:
    families = ["mean"] * 100 + ["linear"] * 100 + ["gin"] * 10
    pit = np.concatenate([np.full(100, 0.5), (np.arange(100) + 0.5) / 100, np.full(10, 0.05)])
    predictions = pd.DataFrame({"family": families, "pit": pit})
    figures.plot_calibration(predictions, "linear", tmp_path / "f.png")
    gin, linear = (patch.get_data().values for patch in drawn[0].patches)
    np.testing.assert_allclose(linear, 1.0)
    np.testing.assert_allclose(gin, [10.0] + [0.0] * 9)
    assert is_png(tmp_path / "f.png")


def test_without_a_noise_model_there_is_no_calibration(tmp_path: Path, drawn: list[Axes]) -> None:
    predictions = pd.DataFrame({"family": ["linear"] * 3, "pit": [math.nan] * 3})
    figures.plot_calibration(predictions, "linear", tmp_path / "f.png")
    assert [text.get_text() for text in drawn[0].texts] == ["too few replicates"]


def test_many_panels_are_wrapped(tmp_path: Path) -> None:
    with style.figure(tmp_path / "g.png", "x", panels=6) as axes:
        rows = {round(panel.get_position().y0, 3) for panel in axes}
        assert (len(axes), len(rows)) == (6, 2)


def test_a_figure_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="drawing"), style.figure(tmp_path / "e.png", "x"):
        raise RuntimeError("drawing")
    assert list(tmp_path.iterdir()) == []
    assert plt.get_fignums() == []
