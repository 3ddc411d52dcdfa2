"""Files that a command writes: where they go, seen to before the work.

>>> add_output_file(parser, Path("explorer.html"), "file to write")
>>> output = chosen_output(options.output, Path("explorer.html"))

What is named with -o is written, over a file that is there too, as by every command. A name that
nobody gave takes the place of nothing.
"""

import argparse
import os
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


def chosen_output(given: Path | None, default: Path) -> Path:
    """The file that was named, or the default.

    Raises:
        NasforgeError: It has no folder or cannot be written, or the default is there already.
    """
    output = default if given is None else given
    if given is None and output.exists():
        raise NasforgeError(
            f"{output} is there already: -o {output} writes over it, another name keeps it"
        )
    folder = output.absolute().parent
    if not folder.is_dir():
        raise NasforgeError(f"--output: {output}: there is no folder {folder}; make it first")
    if output.is_dir() or not os.access(folder, os.W_OK):
        raise NasforgeError(f"--output: {output} cannot be written")
    return output
