"""What one query of a model costs: the same number on every machine, and measured here beside it.

    >>> query_cost(model).nominal_us, measure_query_us(model, space)

A selection must not depend on how busy a machine is, so it goes by counts of operations, turned
into microseconds by round prices, which are set here and fitted to no machine. What the machine of
a selection took stands beside them, as `measured_us` in its `select/candidates.csv`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from nasforge.benchmark.model import Encoded, Model
from nasforge.benchmark.predictors import (
    ForestPredictor,
    GinPredictor,
    KernelPredictor,
    LinearPredictor,
    MlpPredictor,
    Predictor,
)
from nasforge.errors import SurrogateError
from nasforge.space.protocol import SearchSpace

WARM_QUERIES = 3
"""Queries of a model before one is timed."""

NS_PER_NODE_VISIT = 5.0
NS_PER_MULTIPLY_ADD = 0.1
ENCODING_US = {
    "one_hot": 10.0,
    "graph": 10.0,
    "graph_features": 20.0,
    "features": 25.0,
    "paths": 100.0,
}
"""Price of an encoding; one of a user's own space is priced as the dearest."""


@dataclass(frozen=True)
class QueryCost:
    """Operations of one query.

    Attributes:
        node_visits: Tree nodes visited, if every branch were as likely.
        multiply_adds: Of matrix products and distances.
        encodings: Names of the encodings that are computed.
    """

    node_visits: float
    multiply_adds: int
    encodings: tuple[str, ...]

    @property
    def nominal_us(self) -> float:
        """Microseconds at the round prices."""
        operations = NS_PER_NODE_VISIT * self.node_visits + NS_PER_MULTIPLY_ADD * self.multiply_adds
        dearest = max(ENCODING_US.values())
        return operations / 1e3 + sum(ENCODING_US.get(name, dearest) for name in self.encodings)


def query_cost(model: Model) -> QueryCost:
    """Count the operations of a model.

    Raises:
        SurrogateError: It holds a predictor of unknown kind.
    """
    predictors = [part.predictor for part in model.parts]
    return QueryCost(
        node_visits=sum(_node_visits(p) for p in predictors if isinstance(p, ForestPredictor)),
        multiply_adds=sum(_multiply_adds(p) for p in predictors),
        encodings=tuple(dict.fromkeys(part.encoding for part in model.parts)),
    )


def measure_query_us(models: Sequence[Model], space: SearchSpace, rounds: int = 30) -> list[float]:
    """Median microseconds of one query of each model, encoding included, rounds interleaved.

    Each model is asked `WARM_QUERIES` times before the clock runs: a process that queries asks one
    model again and again, and finds its code and arrays in the processor's caches.
    """
    rng = np.random.default_rng(0)
    times = np.empty((rounds, len(models)))
    for number in range(rounds):
        warm = [space.sample(rng) for _ in range(WARM_QUERIES)]
        asked = space.sample(rng)
        # Nobody always follows the same one.
        for column in rng.permutation(len(models)):
            for architecture in warm:
                models[column].predict(Encoded(space, [architecture]))
            start = time.perf_counter()
            models[column].predict(Encoded(space, [asked]))
            times[number, column] = time.perf_counter() - start
    return (1e6 * np.median(times, axis=0)).tolist()


def _node_visits(forest: ForestPredictor) -> float:
    visits = np.zeros(len(forest.feature))
    left, right = forest.left.tolist(), forest.right.tolist()
    # Children stand behind their parent, so backwards they are known first.
    for node in range(len(visits) - 1, -1, -1):
        if left[node] != node:
            visits[node] = 1.0 + 0.5 * (visits[left[node]] + visits[right[node]])
    return float(visits[forest.root].sum())


def _multiply_adds(predictor: Predictor) -> int:
    if isinstance(predictor, ForestPredictor):
        return 0
    if isinstance(predictor, LinearPredictor):
        return predictor.weights.size
    if isinstance(predictor, KernelPredictor):
        return 3 * predictor.rows.size  # subtract, scale, square
    if isinstance(predictor, MlpPredictor):
        weights = (predictor.input_weights, predictor.layer_weights, predictor.output_weights)
        return sum(prod(array.shape) for array in weights)
    if isinstance(predictor, GinPredictor):
        # Every node goes through every layer's two products; the readout is computed once.
        nodes = len(predictor.node_types)
        readout = predictor.readout_weights.size + predictor.output_weights.size
        return nodes * predictor.layer_weights.size + readout
    raise SurrogateError(f"the cost of a query of a {type(predictor).__name__} is unknown")
