"""What a surrogate family is: how one member of an ensemble is fitted.

>>> member = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=200)
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nasforge.benchmark.predictors import Predictor
from nasforge.errors import SurrogateError
from nasforge.space.protocol import SearchSpace


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        name: Its name in a config.
        encodings: Encodings that suit it, the best one first.
        predictor: Class of its members, which can be stacked.
        function: Fits one member: (features float32 [n, d], labels float64 [n], seed, settings).
    """

    name: str
    encodings: tuple[str, ...]
    predictor: type[Predictor]
    function: Callable[..., Predictor]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Default settings by name."""
        parameters = list(inspect.signature(self.function).parameters.values())[3:]
        return {parameter.name: parameter.default for parameter in parameters}

    def encoding_for(self, space: SearchSpace) -> str:
        """The first of its encodings that the space has.

        Raises:
            SurrogateError: It has none of them.
        """
        for encoding in self.encodings:
            if encoding in space.encodings:
                return encoding
        raise SurrogateError(
            f"surrogates.families.{self.name}: needs encoding {' or '.join(self.encodings)}, space "
            f"{space.name!r} has {', '.join(space.encodings) or 'none'}"
        )

    def fit(
        self, features: np.ndarray, labels: np.ndarray, seed: int, **settings: float
    ) -> Predictor:
        """Fit one member.

        Raises:
            SurrogateError: A setting is unknown.
        """
        for key in settings:
            if key not in self.settings:
                raise SurrogateError(
                    f"surrogates.families.{self.name}.{key}: unknown setting; allowed: "
                    f"{', '.join(self.settings) or 'none'}"
                )
        return self.function(features, labels, seed, **settings)


def centre_and_unit(labels: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation; 1 for labels that are all the same but for rounding."""
    centre, unit = float(labels.mean()), float(labels.std())
    return centre, unit if unit > 1e-9 * (1.0 + abs(centre)) else 1.0
