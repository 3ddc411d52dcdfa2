"""Which observations a model is fitted on: all of them, until there are too many.

    >>> history = History(max_history=1000)
    >>> slot = history.add(0.93)
    >>> features[slot] = ...                # the owner's arrays have a row per slot
    >>> model.fit(features[: len(history)], history.values)

Afterwards the latest half, and the best of what is older: what falls out leaves its slot to a new
one. So a suggestion costs the same however long an optimizer runs. The papers fit on everything;
they stop after hundreds.
"""

import heapq
from collections import deque

import numpy as np

from nasforge.optimizers.settings import check_whole

DEFAULT_MAX_HISTORY = 1000


class History:
    """Values of at most `max_history` observations, each in a slot.

    Args:
        max_history: At least 2.

    Raises:
        OptimizerError: It is less.
    """

    def __init__(self, max_history: int) -> None:
        check_whole(2, max_history=max_history)
        self.size = max_history
        self._values = np.empty(max_history)
        self._latest: deque[int] = deque()
        # The worst first; of equal ones the older one.
        self._best: list[tuple[float, int, int]] = []
        self._told = 0

    def add(self, value: float) -> int:
        """Add an observation; returns the slot that is now its own.

        Args:
            value: What is maximised; -inf if it failed.
        """
        slot = self._told
        if slot >= self.size:
            leaving = self._latest.popleft()
            entry = (float(self._values[leaving]), self._told, leaving)
            slot = heapq.heappushpop(self._best, entry)[-1]
        elif len(self._latest) == self.size - self.size // 2:
            older = self._latest.popleft()
            heapq.heappush(self._best, (float(self._values[older]), self._told, older))
        self._latest.append(slot)
        self._values[slot] = value
        self._told += 1
        return slot

    def __len__(self) -> int:
        return min(self._told, self.size)

    @property
    def values(self) -> np.ndarray:
        """Values by slot: float64 [len]."""
        return self._values[: len(self)]
