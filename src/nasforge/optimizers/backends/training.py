"""Live training as a backend: every suggestion is trained, unless the cache has it.

    >>> TrainingBackend(recipe, images, cache).evaluate(genotypes, [0] * 10)

Needs the `train` extra. Trainings run in this process, one after the other; the workers of a run
are simulated from their times, as everywhere.
"""

from collections.abc import Sequence

import numpy as np

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.optimizers.backends.protocol import Outcomes
from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.dataset import ImageSet
from nasforge.training.shard import train_shard


class TrainingBackend:
    """Shows the training of replicate `noise_seed`; the noise-free value is unknown.

    Args:
        recipe: How to train.
        images: The data set.
        cache: Where finished evaluations are looked up and stored.
        device: "cpu", "cuda" or "cuda:<number>".
        backend: One of `training.backends.BACKENDS`.
        max_attempts: How often a training that raises is tried in all, once per run.
    """

    has_costs = True
    best_known = float("nan")
    space = DARTS

    def __init__(
        self,
        recipe: Recipe,
        images: ImageSet,
        cache: EvaluationCache,
        device: str = "cpu",
        backend: str = "auto",
        max_attempts: int = 2,
    ) -> None:
        self.name = f"train/{recipe.recipe_id}"
        self._recipe, self._images, self._cache = recipe, images, cache
        self._device, self._backend = device, backend
        self._max_attempts = max_attempts

    def evaluate(self, architectures: Sequence[Genotype], noise_seeds: Sequence[int]) -> Outcomes:
        """Train them; a training that failed or diverged is nan."""
        rows = [
            self._train(architecture, seed)
            for architecture, seed in zip(architectures, noise_seeds, strict=True)
        ]
        seen, costs_s = np.array(rows, dtype=np.float64).reshape(-1, 2).T
        return Outcomes(seen, np.full(len(rows), np.nan), costs_s)

    def _train(self, architecture: Genotype, replicate: int) -> tuple[float, float]:
        [evaluation] = train_shard(
            [Proposal("run", "run", 0, 0, replicate, DARTS.format(architecture))],
            self._recipe,
            self._images,
            self._cache,
            device=self._device,
            backend=self._backend,
            max_attempts=self._max_attempts,
            label="run",
        )
        return evaluation.val_accuracy, evaluation.train_time_s
