"""Optimizers by name.

>>> make_optimizer("regularized_evolution", DARTS, 1, population_size=20, sample_size=5)
"""

import inspect
from typing import Any

from nasforge.errors import OptimizerError
from nasforge.optimizers.bananas import Bananas
from nasforge.optimizers.differential_evolution import DifferentialEvolution
from nasforge.optimizers.local_search import LocalSearch
from nasforge.optimizers.parameter_free import ParameterFree
from nasforge.optimizers.protocol import Optimizer
from nasforge.optimizers.random_search import RandomSearch
from nasforge.optimizers.regularized_evolution import RegularizedEvolution
from nasforge.optimizers.tpe import TreeParzenEstimator
from nasforge.space.protocol import SearchSpace

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "random": RandomSearch,
    "regularized_evolution": RegularizedEvolution,
    "differential_evolution": DifferentialEvolution,
    "local_search": LocalSearch,
    "tpe": TreeParzenEstimator,
    "bananas": Bananas,
}
"""Optimizers by the name they have in a config."""

PROBES: dict[str, type[Optimizer]] = {"parameter_free": ParameterFree}
"""Samplers that optimize nothing, by the name they have in a config."""


def optimizer_names() -> tuple[str, ...]:
    """What has a name: the optimizers, then the probes."""
    return (*OPTIMIZERS, *PROBES)


def optimizer_class(name: str) -> type[Optimizer]:
    """Look an optimizer up.

    Raises:
        OptimizerError: There is none of that name.
    """
    known = OPTIMIZERS | PROBES
    if name not in known:
        raise OptimizerError(f"unknown optimizer {name!r}; allowed: {', '.join(known)}")
    return known[name]


def default_settings(name: str) -> dict[str, Any]:
    """An optimizer's settings at their defaults."""
    parameters = inspect.signature(optimizer_class(name)).parameters
    return {key: p.default for key, p in parameters.items() if key not in ("space", "seed")}


def make_optimizer(name: str, space: SearchSpace, seed: int, /, **settings: Any) -> Optimizer:
    """Build an optimizer by name.

    Raises:
        OptimizerError: The name or a setting is unknown, or a setting is out of range.
    """
    cls = optimizer_class(name)
    allowed = default_settings(name)
    for key in settings:
        if key not in allowed:
            raise OptimizerError(
                f"{name} has no setting {key!r}; allowed: {', '.join(allowed) or 'none'}"
            )
    return cls(space, seed, **settings)
