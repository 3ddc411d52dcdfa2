"""What a benchmark is asked, understood, or refused with the name of the right call.

>>> one(DARTS, [genotype], "query takes one architecture; use query_many for several")
Traceback (most recent call last):
nasforge.errors.GenotypeError: query takes one architecture; use query_many for several
"""

from collections.abc import Iterable, Sequence

import numpy as np

from nasforge.errors import GenotypeError, NasforgeError
from nasforge.space.protocol import Architecture, SearchSpace


def one(space: SearchSpace, architecture: Architecture | str, advice: str) -> Architecture:
    """An architecture, or what its text says.

    Raises:
        GenotypeError: It is several (with the advice), or its text is no architecture.
    """
    # A tuple may be one architecture of a user's space.
    if isinstance(architecture, (list, np.ndarray)):
        raise GenotypeError(advice)
    return space.parse(architecture) if isinstance(architecture, str) else architecture


def several(
    space: SearchSpace, architectures: Iterable[Architecture | str], advice: str
) -> list[Architecture]:
    """Architectures, or what their texts say.

    Raises:
        GenotypeError: It is one (with the advice), or a text is no architecture.
    """
    if isinstance(architectures, str) or not isinstance(architectures, Iterable):
        raise GenotypeError(advice)
    return [space.parse(a) if isinstance(a, str) else a for a in architectures]


def named(targets: Iterable[str]) -> tuple[str, ...]:
    """Targets by name.

    Raises:
        NasforgeError: They are one text.
    """
    if isinstance(targets, str):
        raise NasforgeError(f"targets must be a list of names, such as [{targets!r}]")
    return tuple(targets)


def epoch_index(epoch: object, curve: Sequence[float]) -> int:
    """Place of an epoch in a learning curve.

    Raises:
        NasforgeError: The curve has no such epoch.
    """
    whole = isinstance(epoch, int | np.integer) and not isinstance(epoch, bool)
    if not whole or not 1 <= epoch <= len(curve):
        raise NasforgeError(f"epoch: {epoch!r} must be an integer from 1 to {len(curve)}")
    return int(epoch) - 1
