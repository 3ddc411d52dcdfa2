"""Architectures on the command line: as arguments, from a file, or from standard input.

>>> add_architectures(parser)
>>> texts, architectures = read_architectures(options, bench.space)

A file has one per line, in any form that its space reads; empty lines and those that start with #
are skipped.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nasforge.errors import GenotypeError, NasforgeError
from nasforge.space import SearchSpace
from nasforge.space.protocol import Architecture

STDIN = "-"


def add_architectures(parser: argparse.ArgumentParser) -> None:
    """Add the argument and the option that name architectures."""
    parser.add_argument(
        "architecture", nargs="*", help="genotype text, in either form; - reads standard input"
    )
    parser.add_argument(
        "-f", "--file", type=Path, help="file with an architecture per line (# starts a comment)"
    )


def read_architectures(
    options: argparse.Namespace, space: SearchSpace
) -> tuple[list[str], list[Architecture]]:
    """Texts as they were given, and what they mean: arguments, then the file.

    Raises:
        NasforgeError: None are given, the file cannot be read, or one of them (named by its line)
            is no architecture of the space.
    """
    texts, architectures = [], []
    for text, where in _given(options):
        try:
            architectures.append(space.parse(text))
        except GenotypeError as error:
            raise GenotypeError(f"{where}: {error}" if where else str(error)) from None
        texts.append(text)
    if not texts:
        raise NasforgeError(
            "no architecture is given: write some, or --file FILE, or - for standard input"
        )
    return texts, architectures


def _given(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Texts, and the line where each stands; "" for an argument."""
    for argument in options.architecture:
        if argument == STDIN:
            yield from _lines(sys.stdin, "standard input")
        else:
            yield argument, ""
    if options.file is not None:
        try:
            with options.file.open(encoding="utf-8") as stream:
                yield from _lines(stream, str(options.file))
        except OSError as error:
            raise NasforgeError(f"{options.file}: cannot be read ({error.strerror})") from None


def _lines(stream: Iterable[str], name: str) -> Iterator[tuple[str, str]]:
    try:
        for number, line in enumerate(stream, start=1):
            if (text := line.strip()) and not text.startswith("#"):
                yield text, f"{name}, line {number}"
    except UnicodeDecodeError:
        raise NasforgeError(f"{name}: is not text in UTF-8") from None
