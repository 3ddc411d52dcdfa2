"""The self-test: a benchmark carries some of its own answers, and `nasforge verify` replays them.

>>> verify(folder, DARTS)
['lightgbm: 32 architectures, 3 targets']
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.benchmark import SELFTEST_FILE, SELFTEST_TOLERANCE, Benchmark
from nasforge.benchmark.frozen import read_file, read_manifest
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded, Model
from nasforge.errors import BenchmarkFormatError
from nasforge.space.protocol import Architecture, SearchSpace

SELFTEST_ARCHITECTURES = 32


def selftest_arrays(
    space: SearchSpace,
    architectures: Sequence[Architecture],
    manifest: Manifest,
    models: Mapping[tuple[str, str], Model],
) -> dict[str, np.ndarray]:
    """Vectors of architectures, and what every surrogate answers for each target.

    Args:
        space: The search space.
        architectures: What is asked.
        manifest: Targets.
        models: Models by (surrogate, target).

    Returns:
        `vectors` uint8 [n, variables] and `<surrogate>.<target>` float64 [n], natural units.
    """
    arrays = {"vectors": np.stack([space.to_vector(a) for a in architectures])}
    encoded = Encoded(space, architectures)
    for (surrogate, target), model in models.items():
        mean = model.predict(encoded).mean(axis=1)
        arrays[f"{surrogate}.{target}"] = manifest.target(target).natural(mean)
    return arrays


def verify(folder: Path, space: SearchSpace) -> list[str]:
    """Check every file's checksum and replay the self-test of every surrogate.

    Returns:
        A line per surrogate.

    Raises:
        BenchmarkFormatError: A checksum is wrong, or an answer differs by more than 1e-6
            (relative).
    """
    manifest = read_manifest(folder)
    contents = {name: read_file(folder, manifest, name) for name in manifest.files}
    if SELFTEST_FILE not in contents:
        raise BenchmarkFormatError(f"{folder}: {SELFTEST_FILE} is missing")
    expected = unpack_arrays(contents[SELFTEST_FILE], SELFTEST_FILE)
    if "vectors" not in expected:
        raise BenchmarkFormatError(f"{folder / SELFTEST_FILE}: array 'vectors' is missing")
    vectors = expected["vectors"]
    if vectors.dtype != np.uint8 or vectors.ndim != 2 or not len(vectors):
        raise BenchmarkFormatError(f"{folder / SELFTEST_FILE}: 'vectors' is no uint8 table of rows")
    architectures = [space.from_vector(vector) for vector in vectors]
    lines = []
    for surrogate, entry in manifest.surrogates.items():
        answers = Benchmark.open(folder, space, surrogate).query_many(
            architectures, targets=entry.targets
        )
        for target, answer in answers.items():
            truth = expected.get(f"{surrogate}.{target}")
            if (
                truth is None
                or truth.dtype != np.float64
                or truth.shape != answer.shape
                or not np.allclose(answer, truth, rtol=SELFTEST_TOLERANCE, atol=0.0)
            ):
                raise BenchmarkFormatError(
                    f"{folder}: surrogate {surrogate!r} does not reproduce its self-test for "
                    f"{target}"
                )
        lines.append(f"{surrogate}: {len(architectures)} architectures, {len(answers)} targets")
    return lines
