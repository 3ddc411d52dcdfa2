"""Commands on evaluations: merge those of several sites, and look after the cache.

    $ nasforge merge berlin/collect tokyo/collect -o data/both
    $ nasforge cache retry

What they need beyond numpy is imported when they run.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from nasforge.cli.parsing import Commands, Parser, add_command, require
from nasforge.errors import NasforgeError
from nasforge.space.registry import resolve_space

if TYPE_CHECKING:
    from nasforge.evaluations.cache import EvaluationCache


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    merge = add_command(
        commands, "merge", _merge, "join the evaluations of several sites into tables"
    )
    merge.add_argument("folders", type=Path, nargs="+", help="evaluations, one folder per site")
    merge.add_argument("-o", "--output", type=Path, required=True, help="new folder to write")
    merge.add_argument(
        "--space", default="darts", help="a name, or your own module:OBJECT (default darts)"
    )
    merge.add_argument(
        "--allow-conflicts",
        action="store_true",
        help="keep one row where sites have other results for the same evaluation",
    )
    summary = "look after the cache of finished evaluations"
    cache = commands.add_parser("cache", help=summary, description=summary)
    actions = cache.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    for name, run, text in (
        (
            "retry",
            _retry,
            "forget failed trainings, so that they are tried as if for the first time",
        ),
        ("compact", _compact, "put all finished entries into few files"),
    ):
        action = add_command(actions, name, run, text)
        action.add_argument(
            "--cache",
            type=Path,
            default=Path("results/.cache"),
            help="the config's execution.cache_dir (default results/.cache)",
        )


def _merge(options: argparse.Namespace) -> None:
    require("pyarrow")
    from nasforge.evaluations.sites import merge_sites

    if len(options.folders) < 2:
        raise NasforgeError("merge: give two folders or more")
    space = resolve_space(options.space)
    merged = merge_sites(space, options.folders, options.output, options.allow_conflicts)
    print(json.dumps(merged.to_json(), indent=1) if options.json else merged.to_text())


def _retry(options: argparse.Namespace) -> None:
    by_evaluator: Counter[str] = Counter()
    for cache in _caches(options.cache):
        by_evaluator[cache.evaluator] += cache.retry()
    forgotten = by_evaluator.total()
    if options.json:
        print(json.dumps({"forgotten": forgotten}))
    else:
        print(f"{forgotten} failed evaluations forgotten{_made_again_by(+by_evaluator)}")


def _made_again_by(forgotten: Counter[str]) -> str:
    """The commands that make what was forgotten again."""
    if not forgotten:
        return ""
    shards = " ".join(f"{evaluator}_shard" for evaluator in sorted(forgotten))
    studies = "; those of studies.exploitation: snakemake ... --forcerun train_exploited -- studies"
    return f"; to make them again: snakemake ... --forcerun {shards}" + studies * (
        "train" in forgotten
    )


def _compact(options: argparse.Namespace) -> None:
    packed = sum(cache.compact(fewest=1) for cache in _caches(options.cache))
    print(json.dumps({"packed": packed}) if options.json else f"{packed} evaluations packed")


def _caches(folder: Path) -> "list[EvaluationCache]":
    """Those of every evaluator and recipe, of which a cache in use has at least one."""
    from nasforge.evaluations.cache import EvaluationCache

    if not folder.is_dir():
        raise NasforgeError(f"--cache: no folder {folder}")
    caches = EvaluationCache.all_in(folder)
    if not caches:
        raise NasforgeError(
            f"--cache: {folder} is no cache, or an empty one: it has no "
            "<evaluator>/<recipe>/<two digits>/; give the config's execution.cache_dir"
        )
    return caches
