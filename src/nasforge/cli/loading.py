"""The benchmark that a command asks, and its search space.

>>> add_benchmark(parser)
>>> bench = load_benchmark(options)
"""

import argparse

from nasforge.benchmark import Benchmark, available, load
from nasforge.space.registry import resolve_space


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    """Add the argument and the option that name a benchmark."""
    names = ", ".join(available()) or "none in this version"
    parser.add_argument("benchmark", help=f"folder, or one that comes with nasforge ({names})")
    parser.add_argument("--space", help="its search space, if that is your own: module:OBJECT")


def load_benchmark(options: argparse.Namespace, surrogate: str | None = None) -> Benchmark:
    """What `add_benchmark`'s options name.

    Raises:
        NasforgeError: As `nasforge.load`.
    """
    space = None if options.space is None else resolve_space(options.space)
    return load(options.benchmark, surrogate, space)
