"""What an answer is uncertain of: noise between trainings, disagreement of members, and draws.

    >>> uncertainty = Uncertainty(manifest, "forest")
    >>> uncertainty.noise_std("val_accuracy", mean)

Everything is on a target's scale; nan where it could not be estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.noise import checked_seed, noise_std, standard_normals
from nasforge.errors import NasforgeError


@dataclass(frozen=True)
class Uncertainty:
    """That of one surrogate's answers.

    Attributes:
        manifest: The benchmark's.
        surrogate: Which of its surrogates answers.
    """

    manifest: Manifest
    surrogate: str

    def noise_std(self, target: str, mean: np.ndarray) -> np.ndarray:
        """Standard deviation between trainings: float64 [n], for predictions float64 [n]."""
        noise = self.manifest.targets[target].noise
        return np.full(len(mean), np.nan) if noise is None else noise_std(noise, mean)

    def epistemic_std(self, target: str, members: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Calibrated standard deviation of the members: float64 [n].

        Args:
            target: What is predicted.
            members: float64 [n, members].
            mean: float64 [n], their mean.
        """
        scale = self.manifest.surrogates[self.surrogate].targets[target].epistemic_scale
        number = members.shape[1]
        if scale is None or number < 2:
            return np.full(len(members), np.nan)
        difference = members - mean[:, None]
        squares = np.einsum("ij,ij->i", difference, difference)
        return np.sqrt(scale / (number - 1) * squares)

    def draws(self, ids: Sequence[str], target: str, std: np.ndarray, seed: int) -> np.ndarray:
        """Standard normal draws of a training's noise: float64 [n].

        Args:
            ids: Architecture ids, [n].
            target: What is drawn.
            std: float64 [n] of `noise_std`.
            seed: Of the draws, as a user gave it.

        Raises:
            NasforgeError: The accuracy has no noise model, or the seed is no valid one.
        """
        seed = checked_seed(seed)
        if np.isnan(std).any() and target != "val_accuracy":
            return np.full(len(std), np.nan)  # unknown, while the accuracy can be drawn
        if np.isnan(std).any():
            raise NasforgeError(
                f"{self.manifest.full_name}/{self.surrogate} has no noise model of {target} (it "
                "was made with too few replicates), so it cannot draw outcomes; leave noise_seed "
                "out"
            )
        return standard_normals(self.manifest.noise_key, ids, target, [seed] * len(std))
