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
        `last_resort` instead of `draw`, then what the space lists, if it can list its
        networks; and at last, in the same way, networks seen before.

        Raises:
            OptimizerError: The space seems to hold fewer than `n` networks.
        """
        self._chosen = chosen = {}
        last_resort = last_resort or draw
        self._take_drawn(n, draw, only_new=True)
        self._take_drawn(n, last_resort, only_new=True)
        self._take_listed(n, only_new=True)
        self._take_drawn(n, last_resort, only_new=False)
        self._take_listed(n, only_new=False)
        if len(chosen) < n:
            raise OptimizerError(
                f"asked for {n} distinct architectures, space {self._space.name!r} gave only "
                f"{len(chosen)}; ask for fewer"
            )
        self._seen.update(chosen)
        self._chosen = {}
        return list(chosen.values())

    def _take_drawn(self, n: int, draw: Callable[[], Architecture], only_new: bool) -> None:
        """Draw until there are `n`, or `TRIES` draws in a row gave nothing."""
        misses = 0
        while len(self._chosen) < n and misses < TRIES:
            misses = 0 if self._take(draw(), only_new) else misses + 1

    def _take_listed(self, n: int, only_new: bool) -> None:
        """Draws miss the last networks of a small space; a space that lists them does not."""
        if len(self._chosen) == n or not hasattr(self._space, "all_networks"):
            return
        for network in self._space.all_networks():
            self._take(network, only_new)
            if len(self._chosen) == n:
                return

    def _take(self, candidate: Architecture, only_new: bool) -> bool:
        """Put it into the batch, unless it is there already, or was seen and has to be new."""
        canonical = self._space.canonical(candidate)
        if canonical in self._chosen or (only_new and canonical in self._seen):
            return False
        self._chosen[canonical] = candidate
        return True
