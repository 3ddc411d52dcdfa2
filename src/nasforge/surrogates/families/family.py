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
from nasforge.space.encoding import encodings_of, layout_of
from nasforge.space.graph import GraphLayout
from nasforge.space.protocol import SearchSpace


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        name: Its name in a config.
        encodings: Encodings that suit it, the best one first.
        predictor: Class of its members, which can be stacked.
        function: Fits one member: (features float32 [n, d], labels float64 [n], seed, settings);
            if it is one of graphs, with the layout after the seed.
        of_graphs: Its features are graphs, of which it must know the layout.
    """

    name: str
    encodings: tuple[str, ...]
    predictor: type[Predictor]
    function: Callable[..., Predictor]
    of_graphs: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """Default settings by name."""
        data = 4 if self.of_graphs else 3
        parameters = list(inspect.signature(self.function).parameters.values())[data:]
        return {parameter.name: parameter.default for parameter in parameters}

    def encoding_for(self, space: SearchSpace) -> str:
        """The first of its encodings that the space has.

        Raises:
            SurrogateError: It has none of them, or does not say how its graphs are laid out.
        """
        if self.of_graphs and layout_of(space) is None:
            raise SurrogateError(
                f"surrogates.families.{self.name}: needs graph() and graph_layout, space "
                f"{space.name!r} lacks graph_layout"
            )
        has = encodings_of(space)
        for encoding in self.encodings:
            if encoding in has:
                return encoding
        raise SurrogateError(
            f"surrogates.families.{self.name}: needs encoding {' or '.join(self.encodings)}, space "
            f"{space.name!r} has {', '.join(has) or 'none'}"
        )

    def fit(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        seed: int,
        layout: GraphLayout | None = None,
        **settings: float,
    ) -> Predictor:
        """Fit one member.

        Args:
            features: float32 [n, d].
            labels: float64 [n].
            seed: Of what is drawn.
            layout: `layout_of` the space; only families of graphs need it.
            settings: Some of `settings`, others than their defaults.

        Raises:
            SurrogateError: A setting is unknown, or the layout is needed and not given.
        """
        if self.of_graphs and layout is None:
            raise SurrogateError(f"family {self.name} cannot be fitted without the graphs' layout")
        for key in settings:
            if key not in self.settings:
                raise SurrogateError(
                    f"surrogates.families.{self.name}.{key}: unknown setting; allowed: "
                    f"{', '.join(self.settings) or 'none'}"
                )
        data = (features, labels, seed, layout) if self.of_graphs else (features, labels, seed)
        return self.function(*data, **settings)


def centre_and_unit(labels: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation; 1 for labels that are all the same but for rounding."""
    centre, unit = float(labels.mean()), float(labels.std())
    return centre, unit if unit > 1e-9 * (1.0 + abs(centre)) else 1.0
