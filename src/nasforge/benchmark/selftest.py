"""The self-test: a benchmark carries some of its own answers, and `nasforge verify` replays them.

>>> verify(folder, DARTS)
['lightgbm: 32 architectures, 3 targets']
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.benchmark import SELFTEST_FILE, SELFTEST_TOLERANCE, Benchmark
from nasforge.benchmark.frozen import read_file, read_manifest, unlisted_files
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded, Model
from nasforge.benchmark.rounding import rounded_array
from nasforge.benchmark.section import FILE
from nasforge.errors import BenchmarkFormatError, GenotypeError
from nasforge.space.protocol import Architecture, SearchSpace

SELFTEST_ARCHITECTURES = 32

SELFTEST_DIGITS = 9
"""Significant ones of an answer; a graph network's are from sums of float32."""

MAX_ARCHITECTURES = 1024
"""In a self-test of a stranger; each takes thousands of times the bytes of its vector."""


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
        `vectors` uint8 [n, variables] and `<surrogate>.<target>` float64 [n], natural units,
        rounded.
    """
    arrays = {"vectors": np.stack([space.to_vector(a) for a in architectures])}
    encoded = Encoded(space, architectures)
    for (surrogate, target), model in models.items():
        mean = model.predict(encoded).mean(axis=1)
        natural = manifest.target(target).natural(mean)
        arrays[f"{surrogate}.{target}"] = rounded_array(natural, SELFTEST_DIGITS)
    return arrays


def _check_files(folder: Path, manifest: Manifest) -> None:
    """All files are what the manifest says, and there is none besides."""
    if SELFTEST_FILE not in manifest.files:
        raise BenchmarkFormatError(f"{folder}: {SELFTEST_FILE} is missing")
    for name in manifest.files:
        read_file(folder, manifest, name)
    if names := unlisted_files(folder, manifest):
        listed = ", ".join(repr(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")
        raise BenchmarkFormatError(
            f"{folder}: holds {listed}, which {FILE} does not list and nothing vouches for; "
            "remove what you put there yourself, or get the benchmark again"
        )


def _architectures(
    path: Path, arrays: Mapping[str, np.ndarray], space: SearchSpace
) -> list[Architecture]:
    if "vectors" not in arrays:
        raise BenchmarkFormatError(f"{path}: array 'vectors' is missing")
    vectors = arrays["vectors"]
    if vectors.dtype != np.uint8 or vectors.ndim != 2:
        raise BenchmarkFormatError(f"{path}: 'vectors' is no uint8 table of rows")
    if not 1 <= len(vectors) <= MAX_ARCHITECTURES:
        raise BenchmarkFormatError(
            f"{path}: 'vectors' has {len(vectors)} rows, must be 1 to {MAX_ARCHITECTURES}"
        )
    try:
        return [space.from_vector(vector) for vector in vectors]
    except GenotypeError as error:
        raise BenchmarkFormatError(f"{path}: 'vectors': {error}") from None


def verify(folder: Path, space: SearchSpace) -> list[str]:
    """Check every file's checksum and replay the self-test of every surrogate.

    Stricter than loading, which reads what the manifest lists and nothing else: a file besides,
    which no checksum covers, is refused.

    Returns:
        A line per surrogate.

    Raises:
        BenchmarkFormatError: A checksum is wrong, there is a file that the manifest does not
            list, or an answer differs by more than 1e-6 (relative).
    """
    manifest = read_manifest(folder)
    _check_files(folder, manifest)
    expected = unpack_arrays(read_file(folder, manifest, SELFTEST_FILE), SELFTEST_FILE)
    architectures = _architectures(folder / SELFTEST_FILE, expected, space)
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
