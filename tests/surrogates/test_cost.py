"""Costs of a query, counted by hand."""

import numpy as np
import pytest

from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import ForestPredictor, LinearPredictor, Predictor
from nasforge.space import DARTS
from nasforge.surrogates.cost import ENCODING_US, WARM_QUERIES, measure_query_us, query_cost
from nasforge.surrogates.families import FAMILIES

FOREST = ForestPredictor(
    # 0: x0 ? 1 : 2;   2: x1 ? 3 : 4;   5: a leaf
    feature=np.array([0, 0, 1, 0, 0, 0], np.int32),
    threshold=np.zeros(6),
    left=np.array([1, 1, 3, 3, 4, 5], np.int32),
    right=np.array([2, 1, 4, 3, 4, 5], np.int32),
    value=np.zeros(6),
    root=np.array([0, 5], np.int32),
    first_tree=np.zeros(1, np.int32),
    base=np.zeros(1),
)
LINEAR = LinearPredictor(np.zeros((3, 7)), np.zeros(3))


def model_of(*parts: tuple[str, Predictor, str]) -> Model:
    return Model(tuple(Part(*part, weight=1 / len(parts)) for part in parts))


def test_a_forest_costs_the_nodes_it_visits() -> None:
    cost = query_cost(model_of(("forest", FOREST, "one_hot")))
    assert (cost.node_visits, cost.multiply_adds) == (1.5, 0)
    assert cost.nominal_us == pytest.approx(0.0075 + ENCODING_US["one_hot"])


def test_a_blend_costs_its_parts_and_every_encoding_once() -> None:
    cost = query_cost(
        model_of(
            ("linear", LINEAR, "graph_features"),
            ("forest", FOREST, "one_hot"),
            ("xgboost", FOREST, "one_hot"),
        )
    )
    assert (cost.node_visits, cost.multiply_adds) == (3.0, 21)
    assert cost.encodings == ("graph_features", "one_hot")


def test_an_unknown_encoding_is_priced_as_the_dearest() -> None:
    cost = query_cost(model_of(("linear", LINEAR, "mine")))
    assert cost.nominal_us >= max(ENCODING_US.values())


def test_models_are_timed_warm_and_after_each_other() -> None:
    asked: list[int] = []

    class Recorder:
        def __init__(self, number: int) -> None:
            self.number = number

        def predict(self, encoded: object) -> None:
            asked.append(self.number)

    models = [Recorder(number) for number in range(3)]
    assert len(measure_query_us(models, DARTS, rounds=20)) == 3
    turns = np.reshape(asked, (20, 3, WARM_QUERIES + 1))
    assert (turns == turns[..., :1]).all()
    order = turns[..., 0]
    assert (np.sort(order) == [0, 1, 2]).all()
    assert set(order[:, 0]) == set(order[:, 1]) == set(order[:, 2]) == {0, 1, 2}


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "ngboost"])
def test_every_family_has_a_cost_and_a_time(name: str, genotypes) -> None:
    family = FAMILIES[name]
    encoding = family.encoding_for(DARTS)
    features = DARTS.encode(genotypes, encoding)
    quick = {"gin": {"epochs": 1}, "mlp": {"epochs": 1}, "gaussian_process": {"largest": 20}}
    labels = np.random.default_rng(0).normal(size=len(genotypes))
    member = family.fit(features, labels, 0, DARTS.graph_layout, **quick.get(name, {}))
    model = model_of((name, family.predictor.stack([member, member]), encoding))
    cost = query_cost(model)
    assert cost.node_visits + cost.multiply_adds > 0
    [measured] = measure_query_us([model], DARTS, rounds=2)
    assert measured > 0
