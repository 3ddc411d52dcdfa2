"""Code written against NAS-Bench-301 gets the same kinds of answers."""

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_benchmark import write_benchmark

from nasforge.benchmark import Benchmark
from nasforge.errors import GenotypeError, NasforgeError
from nasforge.interop.nasbench301 import (
    config_from_genotype,
    genotype_from_config,
    load_ensemble,
    read_architecture,
)
from nasforge.space import DARTS

# As every DARTS code base defines it.
Named = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
GENOTYPE = DARTS.sample(np.random.default_rng(0))
NAMED = Named(
    normal=[tuple(edge) for edge in GENOTYPE.normal],
    normal_concat=range(2, 6),
    reduce=[tuple(edge) for edge in GENOTYPE.reduce],
    reduce_concat=[2, 3, 4, 5],
)
CONFIG = config_from_genotype(GENOTYPE) | {"OptimizerSelector:sgd:learning_rate": 0.025}


class OldConfiguration:
    """ConfigSpace before 0.6: no Mapping."""

    def get_dictionary(self) -> dict[str, Any]:
        return dict(CONFIG)


def test_an_accuracy_is_in_percent(folder: Path, bench: Benchmark) -> None:
    model = load_ensemble(folder)
    answer = model.predict(config=NAMED, representation="genotype", with_noise=False)
    assert type(answer) is float
    assert answer == 100 * bench.query(GENOTYPE).val_accuracy
    test = load_ensemble(folder, target="test_accuracy")
    assert test.predict(CONFIG, "configspace", False) == 100 * bench.query(GENOTYPE).test_accuracy
    assert repr(test) == "<SurrogateEnsemble tiny-v1/linear, test_accuracy>"


def test_a_runtime_is_in_seconds(folder: Path, bench: Benchmark) -> None:
    model = load_ensemble(str(folder), target="train_time_s")
    answer = model.predict(config=CONFIG, representation="configspace", with_noise=False)
    assert answer == bench.query(GENOTYPE).train_time_s


@pytest.mark.parametrize(
    ("config", "representation"),
    [
        (NAMED, "genotype"),
        (str(NAMED), "genotype"),
        (GENOTYPE, "genotype"),
        (str(GENOTYPE), "genotype"),
        (CONFIG, "configspace"),
        (OldConfiguration(), "configspace"),
    ],
    ids=["namedtuple", "its text", "ours", "our text", "dictionary", "Configuration"],
)
def test_every_form_of_an_architecture_is_read(config: Any, representation: str) -> None:
    assert read_architecture(config, representation) == GENOTYPE


def test_a_namedtuple_keeps_its_order() -> None:
    swapped = Named(NAMED.normal[1::-1] + NAMED.normal[2:], *NAMED[1:])
    assert list(read_architecture(swapped, "genotype").normal) == swapped.normal
    assert genotype_from_config(CONFIG) == GENOTYPE


def test_noise_is_on_unless_turned_off_and_follows_the_order_of_calls(
    folder: Path, bench: Benchmark
) -> None:
    def answers(noise_seed: int) -> list[float]:
        model = load_ensemble(folder, noise_seed=noise_seed)
        model.predict(NAMED, "genotype", with_noise=False)  # takes no draw
        return [model.predict(NAMED, "genotype") for _ in range(200)]

    first, again, other = answers(0), answers(0), answers(1)
    assert first == again
    assert not set(first) & set(other)
    assert first[3] == 100 * bench.query(GENOTYPE, noise_seed=3).val_accuracy
    assert np.std(first) == pytest.approx(1.0, rel=0.2)  # 0.01, in percent
    assert np.mean(first) == pytest.approx(100 * bench.query(GENOTYPE).val_accuracy, abs=0.3)


def test_noise_that_is_unknown_is_not_made_up(folder: Path) -> None:
    model = load_ensemble(folder, target="train_time_s")
    with pytest.raises(NasforgeError, match=r"no noise model of train_time_s.*with_noise=False"):
        model.predict(NAMED, "genotype")


@pytest.mark.parametrize(
    ("config", "representation", "message"),
    [
        (NAMED, "BANANAS", "representation 'BANANAS' is not read; allowed: genotype, configspace"),
        (CONFIG, "genotype", "a dict is no genotype.*representation='configspace'"),
        (NAMED, "configspace", "a Genotype is no configuration.*representation='genotype'"),
        (NAMED._replace(normal_concat=[2, 3]), "genotype", r"normal_concat is \(2, 3\)"),
        (NAMED._replace(reduce=[("sep_conv_3x3",)]), "genotype", "a cell must be a list of"),
        (NAMED._replace(reduce=[("conv", 0)] * 8), "genotype", "unknown operation 'conv'"),
        ({}, "configspace", "edge_normal_0 is missing"),
    ],
)
def test_what_is_no_architecture_is_explained(
    folder: Path, config: Any, representation: str, message: str
) -> None:
    with pytest.raises(NasforgeError, match=message):
        load_ensemble(folder).predict(config, representation)


def test_what_a_benchmark_lacks_is_named(tmp_path: Path) -> None:
    folder = write_benchmark(tmp_path)
    with pytest.raises(NasforgeError, match="no target 'train_time_s'; it has val_accuracy"):
        load_ensemble(folder, target="train_time_s")
    with pytest.raises(NasforgeError, match="no surrogate 'xgb'; it has linear"):
        load_ensemble(folder, surrogate="xgb")
    for seed in (-1, 2**31):
        with pytest.raises(NasforgeError, match=r"noise_seed: .* must be from 0"):
            load_ensemble(folder, noise_seed=seed)


def test_errors_of_genotypes_can_be_caught_as_such(folder: Path) -> None:
    with pytest.raises(GenotypeError):
        load_ensemble(folder).predict(3, "genotype")
