"""NAS optimizers in ask/tell form: they sample the data and are benchmarked on the result.

>>> make_optimizer("regularized_evolution", DARTS, 1, population_size=20, sample_size=5)
>>> run("regularized_evolution", nasforge.load("darts-cifar10-cpu-v1"), budget=1000, seed=0)
"""

from nasforge.optimizers.bananas import Bananas
from nasforge.optimizers.differential_evolution import DifferentialEvolution
from nasforge.optimizers.local_search import LocalSearch
from nasforge.optimizers.protocol import Observation, Observations, Optimizer
from nasforge.optimizers.random_search import RandomSearch
from nasforge.optimizers.registry import (
    OPTIMIZERS,
    default_settings,
    make_optimizer,
    optimizer_class,
    optimizer_names,
)
from nasforge.optimizers.regularized_evolution import RegularizedEvolution
from nasforge.optimizers.runner import run, run_seeds
from nasforge.optimizers.tpe import TreeParzenEstimator
from nasforge.optimizers.trajectory import Trajectory, read_trajectories, write_trajectories

__all__ = [
    "OPTIMIZERS",
    "Bananas",
    "DifferentialEvolution",
    "LocalSearch",
    "Observation",
    "Observations",
    "Optimizer",
    "RandomSearch",
    "RegularizedEvolution",
    "Trajectory",
    "TreeParzenEstimator",
    "default_settings",
    "make_optimizer",
    "optimizer_class",
    "optimizer_names",
    "read_trajectories",
    "run",
    "run_seeds",
    "write_trajectories",
]
