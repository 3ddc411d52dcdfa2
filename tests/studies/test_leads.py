"""Where local search overtakes, on curves whose crossing is known."""

import math

import numpy as np
import pandas as pd
import pytest

from nasforge.studies.leads import FEW_SEEDS, finding, lead_table, overtaking_points


def simulated(
    name: str, values: dict[int, float], spread: float = 0.001, seeds: int = 5
) -> pd.DataFrame:
    """Runs of 36 s an evaluation; every seed is better than the one before by `spread`."""
    rows = [
        {
            "optimizer": name,
            "seed": seed,
            "noisy": True,
            "evaluation": evaluation,
            "wall_time_s": 36.0 * evaluation,
            "seen": value,
            "value": value + spread * seed,
        }
        for seed in range(seeds)
        for evaluation, value in values.items()
    ]
    return pd.DataFrame(rows)


def table(**runs: pd.DataFrame) -> pd.DataFrame:
    return lead_table(runs).set_index("rival")


def test_the_sentence_says_where_local_search_overtakes() -> None:
    leads = lead_table(
        {
            "local_search": simulated("local_search", {1: 0.5, 300: 0.7, 1000: 0.7}),
            "random": simulated("random", {1: 0.6, 1000: 0.65}),
            "tpe": simulated("tpe", {1: 0.6, 900: 0.8, 1000: 0.8}),
        }
    )
    sentence = finding(leads)
    point = int(leads.set_index("rival").loc["random", "overtakes"])
    assert 300 <= point <= 311  # the next point of the grid
    # Seeds that differ by little leave no doubt of the place.
    assert f"overtakes random after {point} evaluations [{point}, {point}], 3.1 simul" in sentence
    assert "(+5.00 points at the end, [+4.8" in sentence
    assert "does not overtake tpe (-10.00 points" in sentence
    assert "(5 seeds, too few for intervals to be wide enough)" in sentence


def test_draws_that_do_not_overtake_are_part_of_the_interval() -> None:
    # One of two seeds ends above the rival: drawn twice, the other one does not overtake.
    own = simulated("local_search", {1: 0.5, 100: 0.5, 1000: 0.5}, 0.0, seeds=2)
    own.loc[(own["seed"] == 1) & (own["evaluation"] >= 100), "value"] = 0.9
    leads = table(local_search=own, random=simulated("random", {1: 0.6, 1000: 0.6}, 0.0, 2))
    row = leads.loc["random"]
    assert row["overtaking"] == pytest.approx(3 / 4, abs=0.05)
    assert 100 <= row["overtakes"] <= 104
    assert row["low"] == row["overtakes"]
    assert math.isinf(row["high"])
    assert row["lead_low"] < 0 < row["lead_high"]
    assert ", not by the end]" in finding(leads.reset_index())
    # Seen from the other side: it does not overtake, but in a quarter of the draws.
    other = leads.assign(overtakes=math.inf, lead=-0.1, overtaking=0.25).reset_index()
    assert "does not overtake random (in 25% of draws it does)" in finding(other)


def test_the_interval_holds_where_seeds_overtake() -> None:
    """Seeds that overtake alone at 10, 20, ... 200: their means do somewhere in between."""
    seeds = FEW_SEEDS * 2
    runs = [
        simulated("local_search", {1: 0.5, 10 * (seed + 1): 0.7, 1000: 0.7}, 0.0, 1).assign(
            seed=seed
        )
        for seed in range(seeds)
    ]
    own = pd.concat(runs)
    rival = simulated("random", {1: 0.6, 1000: 0.6}, 0.0, seeds)
    row = table(local_search=own, random=rival).loc["random"]
    assert row["overtaking"] == 1.0
    assert 50 < row["low"] < row["overtakes"] < row["high"] < 150
    assert row["hours"] == pytest.approx(row["overtakes"] / 100)
    leads = lead_table({"local_search": own, "random": rival})
    assert "(20 seeds), local_search" in finding(leads)


def test_who_is_ahead_again_at_the_end_was_not_overtaken_for_good() -> None:
    own, rival = np.array([0.0, 2.0, 0.0, 2.0]), np.ones(4)
    numbers = np.array([1, 10, 100, 1000])
    assert overtaking_points(own, rival, numbers) == 1000
    assert math.isinf(overtaking_points(rival, own, numbers))
    assert overtaking_points(own + 5, rival, numbers) == 1
    several = overtaking_points(np.stack([own, own + 5, own * 0]), rival, numbers)
    np.testing.assert_array_equal(several, [1000, 1, np.inf])


def test_a_lead_of_nothing_is_level_and_one_from_the_start_is_said() -> None:
    same = {name: simulated(name, {1: 0.5, 100: 0.6}) for name in ("local_search", "random")}
    same["random"]["value"] -= 1e-5
    assert "ends level with random (+0.00 points" in finding(lead_table(same))
    same["random"]["value"] -= 0.1
    assert "is ahead of random from the first evaluation on [1, 1], " in finding(lead_table(same))


def test_alone_nothing_is_answered() -> None:
    runs = {"local_search": simulated("local_search", {1: 0.5, 10: 0.6})}
    assert finding(lead_table(runs)).startswith("Not answered")
    assert finding(lead_table({"random": runs["local_search"]})).startswith("Not answered")
