"""A space's fingerprint: what must not change for a frozen benchmark to stay valid.

>>> space_fingerprint(DARTS)
"""

import hashlib

import numpy as np

from nasforge.benchmark.noise import splitmix64
from nasforge.recipe import digest
from nasforge.space.protocol import Architecture, SearchSpace

GOLDEN_ARCHITECTURES = 16


def golden_architectures(space: SearchSpace, number: int) -> list[Architecture]:
    """The same `number` architectures for ever, spread over the space by a counter hash."""
    architectures = []
    for i in range(number):
        choices = [
            splitmix64((i << 32) + position) % choices
            for position, (_, choices) in enumerate(space.variables)
        ]
        architectures.append(space.from_vector(choices))
    return architectures


def space_fingerprint(space: SearchSpace) -> str:
    """Hash of the variables, and of the ids and encodings of golden architectures."""
    golden = golden_architectures(space, GOLDEN_ARCHITECTURES)
    encodings = {
        name: hashlib.sha256(
            np.ascontiguousarray(space.encode(golden, name), dtype="<f4").tobytes()
        ).hexdigest()
        for name in space.encodings
    }
    content = {
        "name": space.name,
        "version": space.version,
        "variables": [list(variable) for variable in space.variables],
        "ids": [space.architecture_id(architecture) for architecture in golden],
        "encodings": encodings,
    }
    return digest(content, length=64)
