"""Batches of architectures that are distinct as networks, and new where that is possible.

>>> novelty = Novelty(DARTS)
>>> batch = novelty.batch(10, lambda: DARTS.sample(rng))
"""

from collections.abc import Callable, Iterable

from nasforge.errors import OptimizerError
from nasforge.space.protocol import Architecture, SearchSpace

TRIES = 1000
"""Draws in a row that bring nothing new before the batch settles for less."""


class Novelty:
    """Remembers which networks were seen."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._seen: set[Architecture] = set()
        self._chosen: dict[Architecture, Architecture] = {}

    @property
    def taken(self) -> int:
        """While `batch` calls one of its draws: how many it has found so far."""
        return len(self._chosen)

    def is_new(self, architecture: Architecture) -> bool:
        """Whether the network was not seen, nor is in the batch under way."""
        canonical = self._space.canonical(architecture)
        return canonical not in self._seen and canonical not in self._chosen

    def add(self, architectures: Iterable[Architecture]) -> None:
        """Mark networks as seen."""
        self._seen.update(self._space.canonical(architecture) for architecture in architectures)

    def batch(
        self,
        n: int,
        draw: Callable[[], Architecture],
        last_resort: Callable[[], Architecture] | None = None,
    ) -> list[Architecture]:
        """Draw `n` architectures, distinct as networks.

        Prefers networks not seen before. After `TRIES` draws without one it takes
        `last_resort` instead of `draw`, and at last networks seen before.

        Raises:
            OptimizerError: The space seems to hold fewer than `n` networks.
        """
        self._chosen = chosen = {}
        attempts = [(draw, True), (last_resort or draw, True), (last_resort or draw, False)]
        for source, only_new in attempts:
            misses = 0
            while len(chosen) < n and misses < TRIES:
                candidate = source()
                canonical = self._space.canonical(candidate)
                if canonical in chosen or (only_new and canonical in self._seen):
                    misses += 1
                else:
                    chosen[canonical] = candidate
                    misses = 0
        if len(chosen) < n:
            raise OptimizerError(
                f"asked for {n} distinct architectures, space {self._space.name!r} gave only "
                f"{len(chosen)}; ask for fewer"
            )
        self._seen.update(chosen)
        self._chosen = {}
        return list(chosen.values())
