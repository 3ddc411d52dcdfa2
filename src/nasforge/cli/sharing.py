"""Commands that hand a benchmark or an architecture to something else: export, draw.

    $ nasforge export syne-tune darts-digits-v1 -o ~/.blackbox-repository/darts-digits-v1
    $ nasforge export zip results/quickstart/export/darts-digits-v1 -o darts-digits-v1.zip
    $ nasforge draw "normal:...-reduce:..." -o cell.svg

What they need beyond numpy is imported when they run.
"""

import argparse
import json
import sys
from pathlib import Path

from nasforge.benchmark.frozen import write_zip
from nasforge.benchmark.registry import find
from nasforge.cli.loading import add_benchmark, load_benchmark
from nasforge.cli.outputs import check_output, writing
from nasforge.cli.parsing import Commands, Parser, add_command, require
from nasforge.space import DARTS


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    summary = "write a benchmark as one file, or in the form of another library"
    parser = commands.add_parser("export", help=summary, description=summary)
    formats = parser.add_subparsers(required=True, metavar="FORMAT", parser_class=Parser)
    archive = add_command(formats, "zip", _zip, "the benchmark as one file")
    add_benchmark(archive)
    archive.add_argument("-o", "--output", type=Path, required=True, help="the .zip to write")
    blackbox = add_command(
        formats, "syne-tune", _syne_tune, "a folder for Syne Tune's blackbox repository"
    )
    add_benchmark(blackbox)
    blackbox.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    blackbox.add_argument("--surrogate", help="which surrogate answers (default: the selected one)")
    blackbox.add_argument(
        "--architectures", type=int, default=2000, help="how many, drawn uniformly (default 2000)"
    )
    blackbox.add_argument(
        "--noise-seeds",
        type=int,
        default=0,
        help="how many draws of every training's outcome (default 0: the mean)",
    )
    blackbox.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")
    draw = commands.add_parser("draw", help="draw an architecture of darts as an SVG picture")
    draw.set_defaults(run=_draw)
    draw.add_argument("architecture", help="genotype text, in either form")
    draw.add_argument("-o", "--output", type=Path, help=".svg file to write instead of printing")


def _zip(options: argparse.Namespace) -> None:
    check_output(options.output, ".zip")
    bench = load_benchmark(options)
    with writing(options.output):
        write_zip(find(options.benchmark), options.output)
    size = options.output.stat().st_size
    if options.json:
        print(json.dumps({"benchmark": bench.manifest.full_name, "bytes": size}))
        return
    print(f"{bench.manifest.full_name}, {size / 1e6:.1f} MB, written to {options.output}")


def _syne_tune(options: argparse.Namespace) -> None:
    require("pyarrow")
    from nasforge.interop.syne_tune import export_syne_tune

    bench = load_benchmark(options, options.surrogate)
    with writing(options.output):
        metadata = export_syne_tune(
            bench, options.output, options.architectures, options.noise_seeds, options.seed
        )
    if options.json:
        print(json.dumps(metadata, indent=1))
        return
    print(
        f"{', '.join(metadata['objectives_names'])} of {options.architectures} architectures, "
        f"{options.noise_seeds or 'no'} draws each, written to {options.output}"
    )
    if "metric_elapsed_time" not in metadata:
        print("no training time is predicted, which Syne Tune's simulator needs")


def _draw(options: argparse.Namespace) -> None:
    from nasforge.space.darts.drawing import draw

    if options.output is not None:
        check_output(options.output, ".svg")
    picture = draw(DARTS.parse(options.architecture))
    if options.output is None:
        sys.stdout.write(picture)
        return
    with writing(options.output):
        options.output.write_text(picture, encoding="utf-8")
