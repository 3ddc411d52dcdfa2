"""What is remembered of a batch of architectures, and for whom."""

import numpy as np

from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.predictors import LinearPredictor
from nasforge.space import DARTS


def constant(value: float) -> LinearPredictor:
    """An ensemble of two that answers `value` for everything."""
    width = DARTS.encode([DARTS.from_vector([0] * 22)], "features").shape[1]
    return LinearPredictor(np.zeros((2, width)), np.full(2, float(value)))


class Counted(LinearPredictor):
    """Counts how often it is asked."""

    asked = 0

    def predict(self, features: np.ndarray) -> np.ndarray:
        type(self).asked += 1
        return super().predict(features)


def test_a_predictor_is_never_given_the_answers_of_one_that_is_gone() -> None:
    """Models of a loop's body are freed, and the next one may lie where the last one lay."""
    encoded = Encoded(DARTS, [DARTS.from_vector([0] * 22)])
    for value in range(200):
        model = Model((Part("linear", constant(value), "features"),))
        assert (model.predict(encoded) == value).all()
        del model


def test_a_predictor_of_two_models_is_asked_once_for_a_batch() -> None:
    linear = constant(1.0)
    part = Part("linear", Counted(linear.weights, linear.bias), "features")
    encoded = Encoded(DARTS, [DARTS.from_vector([0] * 22)])
    for model in (Model((part,)), Model((part,))):
        model.predict(encoded)
    assert Counted.asked == 1
