"""What predicts one target: an ensemble on its encoding, or a blend of several.

    >>> model.predict(Encoded(space, architectures))     # [n, members] on the target's scale

Member k of a blend is the weighted mean of the parts' members k, which were fitted on the same
architectures, so that a blend is an ensemble like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nasforge.benchmark.predictors import Predictor
from nasforge.benchmark.targets import IDENTITY, Scale
from nasforge.space.protocol import Architecture, SearchSpace


class Encoded:
    """Architectures and their encodings, each computed once, when first asked for."""

    def __init__(self, space: SearchSpace, architectures: Sequence[Architecture]) -> None:
        self._space = space
        self._architectures = architectures
        self._features: dict[str, np.ndarray] = {}

    def __getitem__(self, encoding: str) -> np.ndarray:
        """float32 [n, d]."""
        if encoding not in self._features:
            self._features[encoding] = self._space.encode(self._architectures, encoding)
        return self._features[encoding]


@dataclass(frozen=True, eq=False)
class Part:
    """One ensemble in a model.

    Attributes:
        name: Of the family.
        predictor: All members.
        encoding: What they are given.
        link: The scale they predict on, itself a scale of the target's scale.
        weight: Share in the model's prediction.
    """

    name: str
    predictor: Predictor
    encoding: str
    link: Scale = IDENTITY
    weight: float = 1.0

    def predict(self, encoded: Encoded) -> np.ndarray:
        """float64 [n, members] on the target's scale, unweighted."""
        return self.link.inverse(self.predictor.predict(encoded[self.encoding]))


@dataclass(frozen=True, eq=False)
class Model:
    """What predicts one target.

    Attributes:
        parts: One, or those of a blend, with weights that sum to 1 and equally many members.
    """

    parts: tuple[Part, ...]

    @property
    def members(self) -> int:
        """Number of members."""
        return self.parts[0].predictor.members

    def predict(self, encoded: Encoded) -> np.ndarray:
        """float64 [n, members] on the target's scale."""
        first, *others = self.parts
        total = first.weight * first.predict(encoded)
        for part in others:
            total = total + part.weight * part.predict(encoded)
        return total
