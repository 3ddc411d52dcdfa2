"""True runs against runs on surrogates, on a campaign whose truth a linear surrogate can learn."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_campaign import NOISE_STD, true_values, write_campaign

from nasforge.optimizers import Observations, make_optimizer
from nasforge.space import DARTS
from nasforge.studies import resampling
from nasforge.studies.proposed import proposed_by
from nasforge.studies.true_and_surrogate import (
    ComparisonOutputs,
    ComparisonSources,
    compare_trajectories,
    order_table,
)
from nasforge.studies.without_optimizer import (
    FEWEST,
    WithoutSources,
    WithoutSpec,
    run_without,
)

SIZE, GENERATIONS = 5, 4
SETTINGS = {"regularized_evolution": {"population_size": 10, "sample_size": 4}}


def chain(seed: int) -> list[list]:
    """Evolution on the truth, generation by generation."""
    rng = np.random.default_rng(seed)
    optimizer = make_optimizer(
        "regularized_evolution", DARTS, seed, **SETTINGS["regularized_evolution"]
    )
    generations = []
    for generation in range(GENERATIONS):
        batch = optimizer.ask(SIZE)
        values = true_values(batch) + NOISE_STD * rng.standard_normal(SIZE)
        optimizer.tell(Observations.of_batch(batch, values, [1.0] * SIZE, generation))
        generations.append(batch)
    return generations


def study(folder: Path, offset: float, monkeypatch: pytest.MonkeyPatch) -> ComparisonOutputs:
    monkeypatch.setattr(resampling, "BOOTSTRAPS", 400)
    rng = np.random.default_rng(0)
    chains = {("random", "random"): [[DARTS.sample(rng) for _ in range(150)]]}
    chains |= {("regularized_evolution", f"re_{k}"): chain(10 + k) for k in range(3)}
    write_campaign(folder, chains, offset)
    record = {"family": "linear", "encoding": "one_hot", "link": "identity", "settings": {"l2": 1}}
    (folder / "linear.json").write_text(json.dumps(record))
    noise = {
        "log_variance": 2 * math.log(NOISE_STD), "slope": 0.0, "architectures": 50,
        "evaluations": 150,
    }  # fmt: skip
    selection = {
        "selected": "linear",
        "exported": {},
        "noise": {"val_accuracy": noise},
        "epistemic_scales": {},
    }
    (folder / "selection.json").write_text(json.dumps(selection))
    sources = WithoutSources(
        *(folder / f"{name}.parquet" for name in ("development", "evaluations", "proposals")),
        folder / "selection.json",
        folder / "candidates.csv",
    )
    records = {"linear": folder / "linear.json"}
    spec = WithoutSpec("linear", seeds=10, members=1)
    run_without(DARTS, sources, spec, records, ({}, SETTINGS), folder / "runs.parquet")
    outputs = ComparisonOutputs(
        folder / "distances.parquet",
        folder / "order.parquet",
        folder / "figure.png",
        folder / "finding.txt",
    )
    compare_trajectories(
        ComparisonSources(folder / "proposals.parquet", folder / "evaluations.parquet"),
        [folder / "runs.parquet"],
        ({}, SETTINGS),
        outputs,
    )
    assert outputs.figure.stat().st_size > 10_000
    return outputs


def test_a_good_surrogate_is_no_farther_than_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = study(tmp_path, 0.0, monkeypatch)
    [row] = pd.read_parquet(outputs.distances).to_dict("records")
    assert (row["chains"], row["seeds"], row["evaluations"]) == (3, 10, SIZE * GENERATIONS)
    assert row["distance"] < row["by_chance"] < 0.02
    assert "1 of 1 optimizers no farther than by chance" in outputs.finding.read_text()
    # Nothing that evolution proposed was learnt.
    proposed = proposed_by(DARTS, tmp_path / "proposals.parquet", "optimizer")
    evolved = proposed["regularized_evolution"]
    learnt = set(pd.read_parquet(tmp_path / "development.parquet")["architecture_id"]) - evolved
    assert row["trained"] == len(learnt)
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert runs["seed"].nunique() == 10
    assert (runs.groupby("seed")["best_seen"].diff().dropna() >= 0).all()
    # What is best by noisy values was lucky.
    last = runs[runs["evaluation"] == SIZE * GENERATIONS]
    assert (last["best_seen"] - last["incumbent_value"]).mean() > 0


def test_a_surrogate_that_is_off_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = study(tmp_path, -0.1, monkeypatch)
    [row] = pd.read_parquet(outputs.distances).to_dict("records")
    assert row["offset"] == pytest.approx(0.1, abs=0.02)
    assert row["low"] > row["by_chance"]
    assert "0 of 1 optimizers no farther than by chance" in outputs.finding.read_text()


def test_without_enough_to_fit_on_nothing_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasforge.studies.without_optimizer.FEWEST", 1000)
    outputs = study(tmp_path, 0.0, monkeypatch)
    assert outputs.finding.read_text().startswith("Not answered")
    assert FEWEST > 1


def curves(*ends: float) -> dict[str, np.ndarray]:
    spread = np.linspace(-0.001, 0.001, 5)[:, None]
    return {f"o{k}": np.full((5, 8), end) + spread for k, end in enumerate(ends)}


def test_orders_that_agree_and_one_that_does_not() -> None:
    table = (
        order_table(
            {
                "true": curves(0.6, 0.62, 0.64),
                "gin": curves(0.5, 0.52, 0.54),
                "xgb": curves(3, 2, 1),
            }
        )
        .set_index(["backend", "first", "second"])
        .sort_index()
    )
    assert table.loc["true", "sure"].all()
    assert table.loc["gin", "agrees"].all()
    assert not table.loc["xgb", "agrees"].any()
    assert set(table.loc["gin", "tau"]) == {1.0}
    assert set(table.loc["xgb", "tau"]) == {-1.0}
    one = {"true": {"o0": curves(0.5)["o0"][:1], "o1": curves(0.6)["o0"]}}
    assert not order_table(one)["sure"].any()  # a single run has no interval
    row = table.loc[("true", "o0", "o2")]
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["difference"] == pytest.approx(-0.04)
