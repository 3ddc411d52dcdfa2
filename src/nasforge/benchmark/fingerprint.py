"""A space's fingerprint: what must not change for a frozen benchmark to stay valid.

>>> space_fingerprint(DARTS)
"""

import hashlib
from typing import Any

import numpy as np

from nasforge.accelerator import numpy_alone
from nasforge.benchmark.noise import splitmix64
from nasforge.recipe import digest
from nasforge.space.encoding import encode, feature_names
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


def describe_space(space: SearchSpace) -> dict[str, Any]:
    """Name, version and fingerprint: what a file says of the space it is for."""
    return {
        "name": space.name,
        "version": space.version,
        "fingerprint": space_fingerprint(space),
    }


def space_fingerprint(space: SearchSpace) -> str:
    """Hash of the variables and of the ids of golden architectures."""
    golden = golden_architectures(space, GOLDEN_ARCHITECTURES)
    content = {
        "name": space.name,
        "version": space.version,
        "variables": [list(variable) for variable in space.variables],
        "ids": [space.architecture_id(architecture) for architecture in golden],
    }
    return digest(content, length=64)


def encoding_fingerprint(space: SearchSpace, encoding: str) -> str:
    """Hash of the features of golden architectures.

    Apart from the space's, so that a new encoding leaves benchmarks that use others valid.
    """
    golden = golden_architectures(space, GOLDEN_ARCHITECTURES)
    with numpy_alone():  # the reference; and loading a benchmark need not wait for numba
        features = np.ascontiguousarray(encode(space, golden, encoding), dtype="<f4")
    names = "\n".join(feature_names(space, encoding))
    return hashlib.sha256(names.encode() + features.tobytes()).hexdigest()
