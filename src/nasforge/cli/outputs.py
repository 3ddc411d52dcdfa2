"""Files that a command writes: where they go, seen to before the work.

>>> add_output_file(parser, Path("explorer.html"), "file to write")
>>> output = chosen_output(options.output, Path("explorer.html"))
>>> with writing(output):
...     output.write_text(page)

What is named with -o is written, over a file that is there too, as by every command. A name that
nobody gave takes the place of nothing.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasforge.errors import NasforgeError


def add_output_file(parser: argparse.ArgumentParser, default: Path, summary: str) -> None:
    """Add the option that names the file."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help=f"{summary}, in place of one that is there (default {default}, if there is none yet)",
    )


def chosen_output(given: Path | None, default: Path, beside: Sequence[str] = ()) -> Path:
    """The file that was named, or the default.

    Args:
        given: What was named, if anything was.
        default: The file if nothing was.
        beside: Endings of files of the same name that are written with it.

    Raises:
        NasforgeError: It has no folder or cannot be written, or the default, or what is written
            with it, is there already.
    """
    output = default if given is None else given
    files = [output, *(output.with_suffix(suffix) for suffix in beside)]
    if given is None and (there := [str(file) for file in files if file.exists()]):
        raise NasforgeError(
            f"{there[0]} is there already: -o {output} writes over it, another name keeps it"
        )
    for file in files:
        check_output(file)
    return output


def check_output(output: Path, suffix: str = "") -> None:
    """See whether a file can be written, before the work that it is for.

    Raises:
        NasforgeError: Its name ends otherwise, it has no folder, or it cannot be written.
    """
    if suffix and output.suffix != suffix:
        raise NasforgeError(f"--output: {output} must end in {suffix}")
    folder = output.absolute().parent
    if not folder.is_dir():
        raise NasforgeError(f"--output: {output}: there is no folder {folder}; make it first")
    place = output if output.exists() else folder
    if output.is_dir() or not os.access(place, os.W_OK):
        raise NasforgeError(f"--output: {output} cannot be written")


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Say which file could not be written, as when the disk is full.

    Raises:
        NasforgeError: What is done meanwhile raises OSError.
    """
    try:
        yield
    except OSError as error:
        raise NasforgeError(f"{output}: cannot be written ({error.strerror})") from None
