"""The models of several targets, whose forests are answered together.

    >>> JointModels(models).predict(encoded, ("val_accuracy", "train_time_s"))

A query of all targets evaluates the tests of all trees once, and enters compiled code once: a third
less time for three targets. The answers are the same to the last bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.predictors import ForestPredictor

MOST_NODES = 1_000_000
"""Of forests that are joined; larger ones would take memory for little."""


@dataclass(frozen=True, eq=False)
class JointModels:
    """Models of one surrogate.

    Attributes:
        models: By target.
    """

    models: Mapping[str, Model]

    def predict(self, encoded: Encoded, targets: Sequence[str]) -> dict[str, np.ndarray]:
        """float64 [n, members] by target, each on the target's scale.

        Args:
            encoded: Architectures.
            targets: Some of the models' or all.
        """
        if len(targets) < len(self.models) or not self._joint:
            return {name: self.models[name].predict(encoded) for name in targets}
        shared = {
            encoding: forest.predict(encoded[encoding]) for encoding, forest in self._joint.items()
        }
        answers = {}
        for name in targets:
            model = self.models[name]
            outputs = [
                part.link.inverse(shared[part.encoding][:, self._places[part]])
                if part in self._places
                else part.predict(encoded)
                for part in model.parts
            ]
            answers[name] = model.joined(outputs)
        return answers

    @cached_property
    def _forests(self) -> dict[str, list[Part]]:
        """Parts that are forests by encoding, where there are several and not too large."""
        parts = [part for model in self.models.values() for part in model.parts]
        forests: dict[str, list[Part]] = {}
        for part in parts:
            if isinstance(part.predictor, ForestPredictor):
                forests.setdefault(part.encoding, []).append(part)
        return {
            encoding: own
            for encoding, own in forests.items()
            if len(own) > 1 and sum(len(part.predictor.feature) for part in own) <= MOST_NODES
        }

    @cached_property
    def _joint(self) -> dict[str, ForestPredictor]:
        """One forest by encoding; made at the first query of all targets."""
        return {
            encoding: ForestPredictor.stack([part.predictor for part in parts])
            for encoding, parts in self._forests.items()
        }

    @cached_property
    def _places(self) -> dict[Part, slice]:
        """Where the members of a part are among those of the joint forest."""
        places = {}
        for parts in self._forests.values():
            begin = 0
            for part in parts:
                places[part] = slice(begin, begin + part.predictor.members)
                begin += part.predictor.members
        return places
