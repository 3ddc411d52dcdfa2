"""What predicts one target: an ensemble on its encoding, or a blend of several.

    >>> model.predict(Encoded(space, architectures))     # [n, members] on the target's scale

Member k of a blend is the weighted mean of the parts' members k, which were fitted on the same
architectures, so that a blend is an ensemble like any other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nasforge.benchmark.predictors import ForestPredictor, Predictor
from nasforge.benchmark.targets import IDENTITY, Scale
from nasforge.space.encoding import encode
from nasforge.space.protocol import Architecture, SearchSpace


class Encoded:
    """Architectures and what predictors need and say of them, each computed once, when asked for.

    Attributes:
        architectures: n of them.
    """

    def __init__(self, space: SearchSpace, architectures: Sequence[Architecture]) -> None:
        self.architectures = architectures
        self._space = space
        self._features: dict[str, np.ndarray] = {}
        # By the predictor and not its id, which the next one may have once this one is gone.
        self._answers: dict[tuple[Predictor, str], np.ndarray] = {}

    def __getitem__(self, encoding: str) -> np.ndarray:
        """float32 [n, d]."""
        if encoding not in self._features:
            self._features[encoding] = encode(self._space, self.architectures, encoding)
        return self._features[encoding]

    def ask(self, predictor: Predictor, encoding: str) -> np.ndarray:
        """What the predictor answers: float64 [n, members]."""
        key = predictor, encoding
        if key not in self._answers:
            self._answers[key] = predictor.predict(self[encoding])
        return self._answers[key]

    def remember(self, predictor: Predictor, encoding: str, answers: np.ndarray) -> None:
        """Keep what it would answer."""
        self._answers[predictor, encoding] = answers

    @cached_property
    def ids(self) -> list[str]:
        """Every `architecture_id`."""
        return [self._space.architecture_id(architecture) for architecture in self.architectures]


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
        return self.link.inverse(encoded.ask(self.predictor, self.encoding))


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
        total = first.predict(encoded)
        if first.weight != 1.0:
            total = first.weight * total
        for part in others:
            total = total + part.weight * part.predict(encoded)
        return total


class JointForest:
    """The forests of several models as one, so that equal tests are evaluated once for all.

    >>> JointForest(models.values()).ask(encoded)     # then model.predict(encoded), as usual
    """

    def __init__(self, models: Iterable[Model]) -> None:
        forests: dict[str, dict[int, ForestPredictor]] = {}
        for part in (part for model in models for part in model.parts):
            if isinstance(part.predictor, ForestPredictor):
                forests.setdefault(part.encoding, {})[id(part.predictor)] = part.predictor
        self._groups = []
        for encoding, group in forests.items():
            joint = ForestPredictor.stack(list(group.values())) if len(group) > 1 else None
            # Where the trees differ too much to be answered with bits, forests alone are faster.
            if joint is not None and joint.has_bits:
                self._groups.append((encoding, tuple(group.values()), joint))

    def ask(self, encoded: Encoded) -> None:
        """Let the architectures remember what each forest answers."""
        for encoding, forests, joint in self._groups:
            answers, begin = joint.predict(encoded[encoding]), 0
            for forest in forests:
                end = begin + forest.members
                encoded.remember(forest, encoding, answers[:, begin:end])
                begin = end
