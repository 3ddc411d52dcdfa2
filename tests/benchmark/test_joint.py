"""Forests that are answered together answer as they do apart."""

from contextlib import nullcontext

import numpy as np
import pytest
from every_kind import random_predictor

from nasforge.accelerator import numpy_alone
from nasforge.benchmark import joint
from nasforge.benchmark.joint import JointModels
from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.targets import Scale
from nasforge.space import DARTS

RNG = np.random.default_rng(5)
GENOTYPES = [DARTS.sample(RNG) for _ in range(30)]
TARGETS = ("val_accuracy", "test_accuracy", "train_time_s")


def forest(seed: int, link: str = "identity", weight: float = 1.0) -> Part:
    return Part("lightgbm", random_predictor("forest", seed, 0.5), "features", Scale(link), weight)


@pytest.fixture
def models() -> dict[str, Model]:
    """A forest, two forests with a linear model, and a linear model alone."""
    linear = Part("linear", random_predictor("linear", 9, 0.5), "one_hot", weight=0.25)
    blend = (forest(1, "log_error", 0.5), linear, forest(2, weight=0.25))
    return dict(zip(TARGETS, (Model((forest(0),)), Model(blend), Model((linear,))), strict=True))


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize("numba", [True, False])
def test_answers_are_those_of_each_model(models: dict[str, Model], rows: int, numba: bool) -> None:
    with nullcontext() if numba else numpy_alone():
        together = JointModels(models).predict(Encoded(DARTS, GENOTYPES[:rows]), TARGETS)
        for target, model in models.items():
            alone = model.predict(Encoded(DARTS, GENOTYPES[:rows]))
            np.testing.assert_array_equal(together[target], alone)


def calls_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Members of every forest that is asked from now on."""
    calls: list[int] = []
    predict = joint.ForestPredictor.predict

    def counted(self, features: np.ndarray) -> np.ndarray:
        calls.append(self.members)
        return predict(self, features)

    monkeypatch.setattr(joint.ForestPredictor, "predict", counted)
    return calls


def test_forests_are_asked_once_for_all_targets_and_alone_for_some(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = models["val_accuracy"].members
    calls = calls_of(monkeypatch)
    both = JointModels(models)
    with numpy_alone():
        both.predict(Encoded(DARTS, GENOTYPES[:1]), TARGETS)
        assert calls == [3 * members]
        both.predict(Encoded(DARTS, GENOTYPES[:1]), ("val_accuracy",))
    assert calls == [3 * members, members]


def test_large_forests_are_not_copied(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint, "MOST_NODES", 10)
    calls = calls_of(monkeypatch)
    answers = JointModels(models).predict(Encoded(DARTS, GENOTYPES[:2]), TARGETS)
    assert list(answers) == list(TARGETS)
    assert calls == [models["val_accuracy"].members] * 3
