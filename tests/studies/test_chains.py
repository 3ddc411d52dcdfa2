"""True runs, read from tables of proposals and evaluations."""

from pathlib import Path

import numpy as np
import pandas as pd
from simulated_campaign import write_campaign

from nasforge.space import DARTS
from nasforge.studies.chains import best_so_far, read_algorithms


def genotypes(seed: int, number: int) -> list:
    rng = np.random.default_rng(seed)
    return [DARTS.sample(rng) for _ in range(number)]


def test_samplers_of_one_optimizer_are_its_chains(tmp_path: Path) -> None:
    chains = {
        ("random", "random"): [genotypes(0, 5)],
        ("tpe", "tpe_a"): [genotypes(1, 4), genotypes(2, 4)],
        ("tpe", "tpe_b"): [genotypes(3, 4)],
        ("parameter_free", "probe"): [genotypes(4, 3)],
    }
    write_campaign(tmp_path, chains)
    files = tmp_path / "proposals.parquet", tmp_path / "evaluations.parquet"
    [algorithm] = read_algorithms(*files, {}, {"tpe": {"startup": 10}})
    assert (algorithm.name, algorithm.generation_size) == ("tpe", 4)
    assert algorithm.samplers == ("tpe_a", "tpe_b")
    assert algorithm.settings["startup"] == 10
    # Cut to the shortest chain, and in the order of asking.
    table = pd.read_parquet(tmp_path / "evaluations.parquet").set_index("evaluation_id")
    ids = [DARTS.architecture_id(genotype) for genotype in genotypes(1, 4)]
    np.testing.assert_array_equal(algorithm.seen[0], table.loc[ids, "val_accuracy"])
    assert algorithm.seen.shape == (2, 4)


def test_other_settings_are_another_algorithm(tmp_path: Path) -> None:
    chains = {("tpe", "tpe_a"): [genotypes(1, 4)], ("tpe", "tpe_b"): [genotypes(3, 4)]}
    write_campaign(tmp_path, chains)
    files = tmp_path / "proposals.parquet", tmp_path / "evaluations.parquet"
    algorithms = read_algorithms(*files, {"tpe_a": {"startup": 10}}, {})
    assert [a.name for a in algorithms] == ["tpe (tpe_a)", "tpe (tpe_b)"]
    assert algorithms[0].settings != algorithms[1].settings


def test_failed_trainings_do_not_count() -> None:
    seen = np.array([[np.nan, 0.3, np.nan, 0.2, 0.5]])
    np.testing.assert_array_equal(best_so_far(seen), [[np.nan, 0.3, 0.3, 0.3, 0.5]])
