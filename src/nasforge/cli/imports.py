"""Commands that import evaluations made elsewhere.

    $ nasforge import nasbench301 nb_301_v13 -o data/nasbench301
    $ nasforge import csv accuracies.csv -o data/mine --architecture arch --target seed0

What they need beyond numpy is imported when they run.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from nasforge.cli.parsing import Commands, Parser, add_command, require
from nasforge.space.registry import resolve_space

if TYPE_CHECKING:
    from nasforge.evaluations.imported import Imported


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    summary = "turn evaluations made elsewhere into tables for evaluations.path"
    parser = commands.add_parser("import", help=summary, description=summary)
    formats = parser.add_subparsers(required=True, metavar="FORMAT", parser_class=Parser)
    nasbench301 = add_command(
        formats, "nasbench301", _nasbench301, "the result files that NAS-Bench-301 published"
    )
    nasbench301.add_argument("folder", type=Path, help="holds <optimizer>/results_<i>.json")
    _add_output(nasbench301)
    table = add_command(formats, "csv", _csv, "a csv or parquet file with an architecture per row")
    table.add_argument("file", type=Path)
    _add_output(table)
    table.add_argument(
        "--space", default="darts", help="a name, or your own module:OBJECT (default darts)"
    )
    table.add_argument("--architecture", required=True, metavar="COLUMN")
    table.add_argument(
        "--target",
        required=True,
        action="append",
        metavar="COLUMN",
        help="validation accuracy of one training; again for further trainings",
    )
    table.add_argument("--percent", action="store_true", help="accuracies are from 0 to 100")
    table.add_argument("--sampler", metavar="COLUMN", help="where an architecture comes from")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder that the tables are written to"
    )


def _nasbench301(options: argparse.Namespace) -> None:
    require("pyarrow")
    from nasforge.evaluations.import_nasbench301 import import_nasbench301

    _report(options, import_nasbench301(options.folder, options.output))


def _csv(options: argparse.Namespace) -> None:
    require("pyarrow")
    from nasforge.evaluations.import_csv import import_table

    imported = import_table(
        resolve_space(options.space),
        options.file,
        options.output,
        options.architecture,
        options.target,
        options.percent,
        options.sampler,
    )
    _report(options, imported)


def _report(options: argparse.Namespace, imported: "Imported") -> None:
    print(json.dumps(imported.to_json(), indent=1) if options.json else imported.to_text())
