"""Where one optimizer overtakes others for good, and how sure that is.

    >>> finding(lead_table({"local_search": curves, "random": curves}))

Overtaken is where the mean curve of the runs is above the other's from there to the end. Intervals
(90 %) are by bootstrap over whole runs, of either optimizer apart; a draw in which the other is not
overtaken counts as infinitely late.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasforge.studies.long_runs import at_evaluations, grid, shortest
from nasforge.studies.resampling import resampled_means
from nasforge.surrogates.scores import INTERVAL, interval

KINDS = {True: "noisy values", False: "noise-free values"}

STUDIED = "local_search"

LEVEL = 5e-5
"""A lead in accuracy that is smaller is none."""

FEW_SEEDS = 10
"""Runs, below which intervals are said to be too narrow."""


def lead_table(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Where `STUDIED` overtakes each other optimizer, on a grid of numbers of evaluations.

    Args:
        runs: Incumbents of runs of one kind, by optimizer.

    Returns:
        A row per rival: noisy, optimizer, rival, seeds, evaluations (of the runs); overtakes (the
        number of evaluations, infinite if it does not) with low and high; overtaking (share of the
        draws in which it does); hours (simulated, where it overtakes); lead (at the end) with
        lead_low and lead_high. Empty if there is nobody to compare.
    """
    if STUDIED not in runs:
        return pd.DataFrame()
    last = shortest(runs)
    numbers = np.unique(grid(last).astype(int))
    values = {name: at_evaluations(table, numbers) for name, table in runs.items()}
    own, table = values.pop(STUDIED), runs[STUDIED]
    rate_s = (table["wall_time_s"] / table["evaluation"]).iloc[-1]
    common = {
        "noisy": bool(table["noisy"].iloc[0]),
        "optimizer": STUDIED,
        "seeds": len(own),
        "evaluations": last,
    }
    rows = []
    for name, rival in values.items():
        row = common | {"rival": name} | _lead(own, rival, numbers)
        rows.append(row | {"hours": rate_s * row["overtakes"] / 3600})
    return pd.DataFrame(rows)


def _lead(own: np.ndarray, rival: np.ndarray, numbers: np.ndarray) -> dict[str, float]:
    rng = np.random.default_rng(0)
    own_means, rival_means = resampled_means(own, rng), resampled_means(rival, rng)
    samples = overtaking_points(own_means, rival_means, numbers)
    low, high = np.quantile(samples, INTERVAL, method="inverted_cdf")
    lead_low, lead_high = interval((own_means - rival_means)[:, -1].tolist())
    means = own.mean(axis=0), rival.mean(axis=0)
    return {
        "overtakes": float(overtaking_points(*means, numbers)),
        "low": float(low),
        "high": float(high),
        "overtaking": float(np.isfinite(samples).mean()),
        "lead": float(means[0][-1] - means[1][-1]),
        "lead_low": lead_low,
        "lead_high": lead_high,
    }


def overtaking_points(own: np.ndarray, rival: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """From which number on `own` is above `rival` to the end.

    Args:
        own: float64 [..., n], mean curves.
        rival: float64 [..., n].
        numbers: [n], ascending.

    Returns:
        float64 [...], one of `numbers`; infinite if it does not end at least `LEVEL` above.
    """
    behind = ~(own > rival)
    # Places after the last one where it is behind.
    after = np.where(behind.any(axis=-1), behind[..., ::-1].argmax(axis=-1), behind.shape[-1])
    ahead = (own - rival)[..., -1] >= LEVEL
    points = np.append(numbers, np.inf)[len(numbers) - after]
    return np.where(ahead, points, np.inf)


def finding(leads: pd.DataFrame) -> str:
    """One sentence: where local search overtakes each other optimizer, and how sure that is.

    Args:
        leads: See `lead_table`.
    """
    if leads.empty:
        return f"Not answered: {STUDIED} and another optimizer must be in studies.long_runs."
    first = leads.iloc[0]
    few = ", too few for intervals to be wide enough" if first["seeds"] < FEW_SEEDS else ""
    return (
        f"In runs of {first['evaluations']:,} evaluations that see {KINDS[bool(first['noisy'])]} "
        f"({first['seeds']} seeds{few}), {STUDIED} "
        f"{'; '.join(_sentence(row) for row in leads.to_dict('records'))}."
    )


def _sentence(row: Mapping[str, object]) -> str:
    name = row["rival"]
    if abs(row["lead"]) < LEVEL:
        where = f"ends level with {name}"
    elif np.isinf(row["overtakes"]):
        rarely = f" (in {row['overtaking']:.0%} of draws it does)" if row["overtaking"] else ""
        where = f"does not overtake {name}{rarely}"
    else:
        where = _when(row)
    lead, low, high = (100 * row[column] for column in ("lead", "lead_low", "lead_high"))
    return f"{where} ({lead:+.2f} points at the end, [{low:+.2f}, {high:+.2f}])"


def _when(row: Mapping[str, object]) -> str:
    """Where the other is overtaken, with its interval."""
    if row["overtakes"] == 1:
        text = f"is ahead of {row['rival']} from the first evaluation on"
    else:
        text = f"overtakes {row['rival']} after {row['overtakes']:,.0f} evaluations"
    high = "not by the end" if np.isinf(row["high"]) else f"{row['high']:,.0f}"
    form = ",.0f" if row["hours"] >= 10 else ".1f"
    hours = "" if np.isnan(row["hours"]) else f", {row['hours']:{form}} simulated hours"
    return f"{text} [{row['low']:,.0f}, {high}]{hours}"
