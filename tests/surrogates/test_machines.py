"""Training times of several kinds of machine."""

import numpy as np
import pandas as pd
import pytest

from nasforge.space import DARTS
from nasforge.surrogates.machines import (
    Machine,
    compare_machines,
    machine_names,
    on_one_machine,
)

FAST, SLOW = "cpu, fast, native, fp32", "cpu, slow, native, fp32"


def trainings(number: int, cpus: list[str], seed: int = 0) -> pd.DataFrame:
    """Times that depend on the architecture, on one machine, with 2 % of noise."""
    rng = np.random.default_rng(seed)
    genotypes = [DARTS.canonical(DARTS.sample(rng)) for _ in range(number)]
    features = DARTS.encode(genotypes, "one_hot")
    log_times = 2.0 + features @ np.random.default_rng(9).normal(0.0, 0.1, features.shape[1])
    return pd.DataFrame(
        {
            "architecture": [DARTS.format(genotype) for genotype in genotypes],
            "train_time_s": np.exp(log_times + rng.normal(0.0, 0.02, number)),
            "device": "cpu",
            "cpu": cpus,
            "backend": "native",
            "precision": "fp32",
        }
    )


def test_a_machine_is_named_by_all_that_its_speed_depends_on() -> None:
    rows = pd.DataFrame(
        {
            "device": ["cpu", "NVIDIA H100", ""],
            "cpu": ["AMD EPYC (2 cores)", "AMD EPYC (2 cores)", ""],
            "backend": ["native", "torch", ""],
            "precision": ["fp32", "bf16", ""],
        },
        index=[7, 8, 9],
    )
    assert machine_names(rows).to_dict() == {
        7: "cpu, AMD EPYC (2 cores), native, fp32",
        8: "NVIDIA H100, AMD EPYC (2 cores), torch, bf16",
        9: "unknown",
    }


def test_times_of_one_machine_stay_what_they_are() -> None:
    rows = trainings(20, ["fast"] * 20)
    machines = compare_machines(DARTS, rows)
    assert machines == [Machine(FAST, 20, 1.0)]
    assert on_one_machine(rows, machines).tolist() == rows["train_time_s"].tolist()


def test_a_machine_that_is_slower_everywhere_is_found_to_be() -> None:
    rows = trainings(300, ["fast"] * 200 + ["slow"] * 100)
    truth = rows["train_time_s"].copy()
    rows.loc[rows["cpu"] == "slow", "train_time_s"] *= 2.2
    machines = compare_machines(DARTS, rows)
    assert [(machine.name, machine.trainings) for machine in machines] == [(FAST, 200), (SLOW, 100)]
    assert machines[0].factor == 1.0
    assert machines[1].factor == pytest.approx(1 / 2.2, rel=0.02)
    np.testing.assert_allclose(on_one_machine(rows, machines), truth, rtol=0.03)


def test_a_machine_that_trained_what_is_slow_to_train_is_not_taken_for_a_slow_one() -> None:
    rows = trainings(300, ["fast"] * 300)
    rows = rows.sort_values("train_time_s", ignore_index=True)
    rows.loc[200:, "cpu"] = "slow"
    means = rows.groupby("cpu")["train_time_s"].mean()
    assert means["slow"] > 1.25 * means["fast"]
    factor = compare_machines(DARTS, rows)[1].factor
    assert factor == pytest.approx(1.0, abs=0.1)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = trainings(60, ["slow"] * 30 + ["fast"] * 30)
    machines = compare_machines(DARTS, rows)
    assert machines[0].name == FAST  # of as many trainings the first by name
    again = compare_machines(DARTS, rows.sample(frac=1, random_state=0))
    assert again[1].factor == pytest.approx(machines[1].factor, rel=1e-9)


def test_unknown_times_and_machines_that_were_not_compared() -> None:
    rows = trainings(30, ["fast"] * 28 + ["slow"] * 2)
    rows.loc[[3, 28], "train_time_s"] = np.nan
    machines = compare_machines(DARTS, rows[rows["cpu"] == "fast"])
    assert machines == [Machine(FAST, 27, 1.0)]
    known = on_one_machine(rows, machines).notna()
    assert np.flatnonzero(~known).tolist() == [3, 28, 29]


def test_without_any_time_nothing_is_compared() -> None:
    rows = trainings(5, ["fast"] * 5).assign(train_time_s=np.nan)
    assert compare_machines(DARTS, rows) == []
    assert on_one_machine(rows, []).isna().all()
