"""The command line: `nasforge COMMAND`; each module beside this one adds some commands.

    $ nasforge info results/quickstart/export/darts-digits-v1

Errors are one line on standard error, with exit code 2; Ctrl-C is one too, with exit code 130.
"""

import sys
from collections.abc import Sequence

from nasforge import __version__
from nasforge.cli import evaluations, explore, imports, make, optimize, query, sharing, train
from nasforge.cli.parsing import Parser
from nasforge.errors import NasforgeError

INTERRUPTED = 130
"""What a shell makes of a program that Ctrl-C has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = Parser(prog="nasforge", description="Make, query and check surrogate NAS benchmarks.")
    parser.add_argument("--version", action="version", version=f"nasforge {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    query.add_commands(commands)
    sharing.add_commands(commands)
    explore.add_commands(commands)
    make.add_commands(commands)
    train.add_commands(commands)
    imports.add_commands(commands)
    optimize.add_commands(commands)
    evaluations.add_commands(commands)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except NasforgeError as error:
        print(f"nasforge: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        sys.stderr.close()
        return 1
    except OSError as error:  # a full disk, a file where a folder should be
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"nasforge: {place}{error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("nasforge: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0
