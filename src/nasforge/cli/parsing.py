"""What the commands share: the parser's manners and plain output.

>>> add_command(commands, "info", run_info, "show what a benchmark says of itself")
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from nasforge.errors import NasforgeError


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line and options anywhere between a command's arguments."""

    _intermixing = False

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse's, which otherwise refuses `query BENCHMARK --space S ARCHITECTURE`."""
        has_commands = any(action.nargs == argparse.PARSER for action in self._actions)
        if has_commands or self._intermixing:
            return super().parse_known_args(args, namespace)
        self._intermixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._intermixing = False

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


EXTRAS = {"pyarrow": "workflow", "matplotlib": "workflow", "yaml": "workflow", "torch": "train"}
"""What brings a library: of the extras that have it, the one that weighs least."""

Commands = Any
"""What `ArgumentParser.add_subparsers` returns; argparse gives its type no public name."""


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> argparse.ArgumentParser:
    """Add a command that `run` carries out; each one can print JSON."""
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.set_defaults(run=run)
    return parser


def print_fields(fields: Mapping[str, object]) -> None:
    """Print a line per field, values in a column."""
    width = max(map(len, fields))
    for name, value in fields.items():
        print(f"{name:<{width}}  {cell_text(value)}")


def cell_text(value: object) -> str:
    """A value as people read it."""
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def require(module: str) -> None:
    """Make sure that a command's library, one of `EXTRAS`, is installed.

    Raises:
        NasforgeError: It is not.
    """
    try:
        import_module(module)
    except ImportError:
        raise NasforgeError(
            f"this command needs {module}: pip install 'nasforge[{EXTRAS[module]}]'"
        ) from None
