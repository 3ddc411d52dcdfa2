"""The folder for Syne Tune: its layout, and where syne_tune is installed, that it loads."""

import json
from pathlib import Path

import numpy as np
import pytest
from every_kind import EPOCHS, write_every_kind
from pyarrow import parquet
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.benchmark import Benchmark
from nasforge.errors import GenotypeError, NasforgeError
from nasforge.interop.syne_tune import architecture_of, export_syne_tune
from nasforge.space import DARTS

OBJECTIVES = [
    "metric_valid_error",
    "metric_test_error",
    "metric_elapsed_time",
    "metric_params",
    "metric_macs",
]


def test_the_table_holds_the_benchmarks_answers(bench: Benchmark, tmp_path: Path) -> None:
    metadata = export_syne_tune(bench, tmp_path / "out", architectures=20)
    assert json.loads((tmp_path / "out/metadata.json").read_text()) == metadata
    assert metadata["objectives_names"] == OBJECTIVES
    assert metadata["task_names"] == ["tiny-v1"]
    rows = parquet.read_table(tmp_path / "out/hyperparameters.parquet").to_pylist()
    values = np.load(tmp_path / "out/objectives_evaluations.npy")
    assert values.shape == (1, 20, 1, 1, 5)  # tasks, architectures, seeds, fidelities, objectives
    assert len({tuple(row.values()) for row in rows}) == 20
    for row, value in zip(rows, values[0, :, 0, 0], strict=True):
        answer = bench.query(architecture_of(DARTS, row))
        expected = [
            1 - answer.val_accuracy,
            1 - answer.test_accuracy,
            answer.train_time_s,
            answer.params,
            answer.macs,
        ]
        np.testing.assert_allclose(value, expected, rtol=1e-6)
    best = architecture_of(DARTS, rows[0])
    assert DARTS.format(best) == bench.manifest.best_known["architecture"]


def test_spaces_are_written_as_syne_tune_does(bench: Benchmark, tmp_path: Path) -> None:
    export_syne_tune(bench, tmp_path, architectures=2)
    space = json.loads((tmp_path / "configspace.json").read_text())
    assert list(space) == [name for name, _ in DARTS.variables]
    assert space["normal_node3_inputs"] == {
        "domain_cls": "Categorical",
        "domain_kwargs": {"categories": [0, 1, 2]},
        "sampler_cls": "Uniform",
        "sampler_kwargs": {},
    }
    fidelities = json.loads((tmp_path / "fidelityspace.json").read_text())
    assert fidelities["hp_epoch"]["domain_kwargs"] == {"lower": 1, "upper": 2}
    assert np.load(tmp_path / "fidelities_values.npy").tolist() == [2]


def test_seeds_are_draws_of_what_has_noise(bench: Benchmark, tmp_path: Path) -> None:
    export_syne_tune(bench, tmp_path, architectures=3, noise_seeds=4)
    rows = parquet.read_table(tmp_path / "hyperparameters.parquet").to_pylist()
    values = np.load(tmp_path / "objectives_evaluations.npy")[0]
    assert values.shape == (3, 4, 1, 5)
    drawn = bench.query(architecture_of(DARTS, rows[2]), noise_seed=3)
    assert values[2, 3, 0, 0] == pytest.approx(1 - drawn.val_accuracy, rel=1e-6)
    assert values[2, 3, 0, 1] == pytest.approx(1 - drawn.test_accuracy, rel=1e-6)
    assert len(set(values[2, :, 0, 0])) == 4
    assert len(set(values[2, :, 0, 2])) == 1  # no noise model of the time: its mean
    assert not np.isnan(values).any()


def test_learning_curves_are_fidelities(tmp_path: Path) -> None:
    bench = nasforge.load(write_every_kind(tmp_path))
    export_syne_tune(bench, tmp_path / "out", architectures=3, noise_seeds=2)
    rows = parquet.read_table(tmp_path / "out/hyperparameters.parquet").to_pylist()
    values = np.load(tmp_path / "out/objectives_evaluations.npy")[0]
    epochs = np.load(tmp_path / "out/fidelities_values.npy")
    assert epochs.tolist() == list(range(1, EPOCHS + 1))
    domain = json.loads((tmp_path / "out/fidelityspace.json").read_text())["hp_epoch"]
    assert domain["domain_kwargs"] == {"lower": 1, "upper": EPOCHS}
    assert values.shape == (3, 2, EPOCHS, 5)
    for row, of_row in zip(rows, values, strict=True):
        architecture = architecture_of(DARTS, row)
        for seed, of_seed in enumerate(of_row):
            drawn = bench.query(architecture, noise_seed=seed)
            for epoch, value in zip(epochs.tolist(), of_seed, strict=True):
                last = epoch == EPOCHS
                accuracy = drawn if last else bench.query(architecture, epoch=epoch)
                expected = [
                    1 - accuracy.val_accuracy,
                    1 - drawn.test_accuracy if last else np.nan,
                    drawn.train_time_s * epoch / EPOCHS,
                    drawn.params,
                    drawn.macs,
                ]
                np.testing.assert_allclose(value, expected, rtol=2e-6)


def test_a_sample_is_a_function_of_its_seed(bench: Benchmark, tmp_path: Path) -> None:
    def hyperparameters(name: str, seed: int) -> bytes:
        export_syne_tune(bench, tmp_path / name, architectures=5, seed=seed)
        return (tmp_path / name / "hyperparameters.parquet").read_bytes()

    assert hyperparameters("a", 0) == hyperparameters("b", 0) != hyperparameters("c", 1)


def test_what_is_not_predicted_is_left_out(tmp_path: Path) -> None:
    bench = nasforge.load(write_benchmark(tmp_path, noisy=()))
    metadata = export_syne_tune(bench, tmp_path / "out", architectures=2)
    assert metadata["objectives_names"] == ["metric_valid_error", "metric_params", "metric_macs"]
    assert "metric_elapsed_time" not in metadata
    with pytest.raises(NasforgeError, match="has no noise model of val_accuracy"):
        export_syne_tune(bench, tmp_path / "noisy", architectures=2, noise_seeds=1)
    assert not (tmp_path / "noisy").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"architectures": 0},
        {"architectures": DARTS.size + 1},
        {"architectures": 10**9},
        {"architectures": 2, "noise_seeds": -1},
        {"architectures": 2, "noise_seeds": 10**8},
        {"architectures": 2, "seed": -1},
    ],
)
def test_numbers_out_of_range_are_refused(
    bench: Benchmark, tmp_path: Path, options: dict[str, int]
) -> None:
    with pytest.raises(NasforgeError, match=r"must be (from|at least|of at most)"):
        export_syne_tune(bench, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_configuration_must_be_whole() -> None:
    config = {name: 0 for name, _ in DARTS.variables}
    assert architecture_of(DARTS, config | {"hp_epoch": 2}) == DARTS.from_vector([0] * 22)
    with pytest.raises(GenotypeError, match="choice 7 is out of range"):
        architecture_of(DARTS, config | {"normal_node2_operation_a": 7})
    del config["normal_node3_inputs"]
    with pytest.raises(NasforgeError, match="lacks normal_node3_inputs"):
        architecture_of(DARTS, config)


def test_syne_tune_loads_it(bench: Benchmark, tmp_path: Path) -> None:
    tabular = pytest.importorskip("syne_tune.blackbox_repository.blackbox_tabular")
    export_syne_tune(bench, tmp_path, architectures=10, noise_seeds=2)
    blackbox = tabular.deserialize(tmp_path)["tiny-v1"]
    assert blackbox.objectives_names == OBJECTIVES
    config = blackbox.all_configurations()[4]
    answer = blackbox.objective_function(config, fidelity={"hp_epoch": 2}, seed=1)
    drawn = bench.query(architecture_of(DARTS, config), noise_seed=1)
    assert answer["metric_valid_error"] == pytest.approx(1 - drawn.val_accuracy, rel=1e-6)


def test_syne_tune_walks_through_the_epochs(tmp_path: Path) -> None:
    tabular = pytest.importorskip("syne_tune.blackbox_repository.blackbox_tabular")
    bench = nasforge.load(write_every_kind(tmp_path))
    export_syne_tune(bench, tmp_path / "out", architectures=4)
    [blackbox] = tabular.deserialize(tmp_path / "out").values()
    config = blackbox.all_configurations()[3]
    curve = bench.curve(architecture_of(DARTS, config))
    errors = blackbox.objective_function(config, seed=0)[:, 0]
    np.testing.assert_allclose(errors, 1 - curve, rtol=1e-6)
    second = blackbox.objective_function(config, fidelity={"hp_epoch": 2}, seed=0)
    assert second["metric_valid_error"] == pytest.approx(1 - curve[1], rel=1e-6)
