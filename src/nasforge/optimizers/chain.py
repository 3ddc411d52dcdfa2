"""One chain of a local search: where it stands, and what it knows of its neighbourhood.

>>> chain = Chain(start)
>>> chain.look_around(start, neighbours, networks, values)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nasforge.space.protocol import Architecture


@dataclass(eq=False)
class Chain:
    """Networks are in canonical form.

    Attributes:
        place: The network where it stands.
        waiting: Neighbours to suggest, the next one last, as they are suggested.
        missing: Neighbours whose value is not known.
        best: The best network that it knows of around its place, of all its places if it moves
            to the first improvement.
        best_value: Its value.
    """

    place: Architecture
    waiting: list[Architecture] = field(default_factory=list)
    missing: set[Architecture] = field(default_factory=set)
    best: Architecture | None = None
    best_value: float = float("-inf")
    _around: set[Architecture] = field(default_factory=set)

    def look_around(
        self,
        place: Architecture,
        neighbours: Sequence[Architecture],
        networks: Sequence[Architecture],
        values: Mapping[Architecture, float],
    ) -> None:
        """Stand somewhere.

        Args:
            place: Where.
            neighbours: Its neighbours, the last one to be suggested first.
            networks: Their canonical forms.
            values: What is known of networks; -inf for a failed one.
        """
        self.place = place
        pairs = list(zip(neighbours, networks, strict=True))
        self.waiting = [neighbour for neighbour, network in pairs if network not in values]
        self.missing = {network for network in networks if network not in values}
        self._around |= self.missing
        self.best, self.best_value = None, float("-inf")
        for network in networks:
            if network in values:
                self._compare(network, values[network])

    def tell(self, network: Architecture, value: float) -> None:
        """Learn a network's value, which need not be a neighbour's.

        One from the surroundings of an earlier place counts: results may be late.
        """
        self.missing.discard(network)
        if network in self._around:
            self._compare(network, value)

    def _compare(self, network: Architecture, value: float) -> None:
        if value > self.best_value:
            self.best, self.best_value = network, value
