"""A short Optuna study on a benchmark."""

import optuna
import pytest

from nasforge.benchmark import Benchmark
from nasforge.errors import NasforgeError
from nasforge.interop.optuna import objective

optuna.logging.set_verbosity(optuna.logging.WARNING)


def study_of(bench: Benchmark, noise_seed: int | None = None) -> optuna.Study:
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=5)
    )
    study.optimize(objective(bench, noise_seed), n_trials=12)
    return study


def test_a_study_finds_architectures_of_the_benchmark(bench: Benchmark) -> None:
    study = study_of(bench)
    for trial in study.trials:
        prediction = bench.query(trial.user_attrs["architecture"])
        assert trial.value == prediction.val_accuracy
        assert trial.user_attrs["train_time_s"] == prediction.train_time_s
        assert trial.user_attrs["params"] == prediction.params
    assert study.best_value == max(trial.value for trial in study.trials)
    assert set(study.best_params) == {name for name, _ in bench.space.variables}
    assert len({trial.user_attrs["architecture"] for trial in study.trials}) > 6


def test_a_runs_noise_is_that_of_its_seed(bench: Benchmark) -> None:
    trials = study_of(bench, noise_seed=4).trials
    for trial in trials:
        drawn = bench.query(trial.user_attrs["architecture"], noise_seed=4)
        assert trial.value == drawn.val_accuracy
    assert trials[0].value != bench.query(trials[0].user_attrs["architecture"]).val_accuracy


def test_a_wrong_seed_fails_the_study(bench: Benchmark) -> None:
    with pytest.raises(NasforgeError, match="noise_seed"):
        study_of(bench, noise_seed=-1)
