"""The command that makes a benchmark's page: explore.

    $ nasforge explore darts-cifar10-cpu-v1 --evaluations data/darts-cifar10-cpu -o explorer.html

What it needs beyond numpy is imported when it runs.
"""

import argparse
import json
import sys
from pathlib import Path

from nasforge.benchmark import available
from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.registry import find
from nasforge.cli.outputs import add_output_file, chosen_output
from nasforge.cli.parsing import Commands, add_command, require

PAGE = Path("explorer.html")
"""What is written where no other name is given."""


def add_commands(commands: Commands) -> None:
    """Add this module's command to the parser."""
    parser = add_command(
        commands, "explore", _explore, "write an HTML page to look at a benchmark of darts"
    )
    names = ", ".join(available()) or "none in this version"
    parser.add_argument("benchmark", help=f"folder, or one that comes with nasforge ({names})")
    add_output_file(parser, PAGE, "file to write")
    parser.add_argument(
        "--surrogate",
        help="which surrogate answers (default: the selected one if it is of trees or linear, "
        "else the first of trees)",
    )
    parser.add_argument(
        "--evaluations",
        type=Path,
        metavar="FOLDER",
        help="what it was made of, to be plotted: a folder of tables, as in a config",
    )
    parser.add_argument(
        "--trajectories",
        type=Path,
        metavar="FILE",
        help="runs of optimizers to be plotted: a table that `nasforge optimize` wrote",
    )


def _explore(options: argparse.Namespace) -> None:
    if options.evaluations is not None or options.trajectories is not None:
        require("pyarrow")
    from nasforge.explorer import write_explorer

    folder = find(options.benchmark)
    output = chosen_output(options.output, PAGE)
    page = write_explorer(
        output, folder, options.surrogate, options.evaluations, options.trajectories
    )
    manifest = read_manifest(folder)
    if page.warning is not None:
        print(f"nasforge: warning: {output} has {page.warning}", file=sys.stderr)
    if options.json:
        result = {
            "benchmark": manifest.full_name,
            "surrogate": page.surrogate,
            "selected": manifest.selected,
            "output": str(output),
            "bytes": page.size,
        }
        print(json.dumps(result, indent=1))
        return
    print(f"{manifest.full_name}/{page.surrogate} in {output}, {page.size / 1e6:.1f} MB")
    if page.surrogate != manifest.selected:
        print(f"the benchmark's own default is {manifest.selected}: --surrogate chooses")
