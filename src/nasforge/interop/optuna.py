"""A benchmark as an Optuna objective.

    >>> study = optuna.create_study(direction="maximize")
    >>> study.optimize(objective(bench, noise_seed=1), n_trials=100)
    >>> bench.space.parse(study.best_trial.user_attrs["architecture"])

Every variable of the space is a categorical parameter, since operations have no order. optuna
itself is not imported.
"""

from collections.abc import Callable
from typing import Any, Protocol

from nasforge.benchmark import Benchmark

COSTS = ("train_time_s", "params", "macs")


class Trial(Protocol):
    """What is used of an `optuna.Trial`."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of the choices."""
        ...

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value with the trial."""
        ...


def objective(bench: Benchmark, noise_seed: int | None = None) -> Callable[[Trial], float]:
    """A function of a trial that returns the validation accuracy; to be maximized.

    Args:
        bench: The benchmark.
        noise_seed: None for the mean over trainings; else which draw, one seed per run of an
            optimizer: within a run, a network asked again gets the same answer, as from a table.

    Returns:
        The objective. It leaves the user attributes "architecture" (text) and what the benchmark
        knows of train_time_s, params and macs with the trial.
    """

    def evaluate(trial: Trial) -> float:
        choices = [
            trial.suggest_categorical(name, tuple(range(number)))
            for name, number in bench.space.variables
        ]
        architecture = bench.space.from_vector(choices)
        prediction = bench.query(architecture, noise_seed=noise_seed)
        trial.set_user_attr("architecture", bench.space.format(architecture))
        for name in COSTS:
            if (value := getattr(prediction, name)) is not None:
                trial.set_user_attr(name, value)
        return prediction.val_accuracy

    return evaluate
