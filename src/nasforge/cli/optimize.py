"""The command that runs optimizers: optimize.

    $ nasforge optimize darts-cifar10-cpu-v1 --optimizer tpe --budget 10000 --seeds 20
    $ nasforge optimize --table results/workstation/collect/evaluations.parquet --optimizer random
    $ nasforge optimize --train config/workstation.yaml --optimizer bananas --budget 100 --seeds 1

What it needs beyond numpy is imported when it runs.
"""

import argparse
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from nasforge.benchmark import available, load
from nasforge.cli.outputs import add_output_file, check_output, chosen_output, writing
from nasforge.cli.parsing import Commands, add_command, require
from nasforge.cli.progress import progress_bar
from nasforge.errors import NasforgeError
from nasforge.optimizers import (
    Optimizer,
    Trajectory,
    make_optimizer,
    optimizer_names,
    run_seeds,
    write_trajectories,
)
from nasforge.optimizers.backends import Backend, BenchmarkBackend
from nasforge.optimizers.summary import format_summary, summarise, surpassed
from nasforge.space.registry import resolve_space

TABLE = Path("trajectories.parquet")
FIGURE = ".png"
"""What is written where no other name is given."""


def add_commands(commands: Commands) -> None:
    """Add this module's command to the parser."""
    parser = add_command(commands, "optimize", _optimize, "run NAS optimizers on a benchmark")
    _add_backend(parser)
    _add_optimizers(parser)
    _add_runs(parser)
    add_output_file(parser, TABLE, "the table; the figure has its name with .png")


def _add_backend(parser: argparse.ArgumentParser) -> None:
    """What evaluates."""
    names = ", ".join(available()) or "none in this version"
    parser.add_argument(
        "benchmark", nargs="?", help=f"folder, or one that comes with nasforge ({names})"
    )
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="evaluations, instead of a benchmark"
    )
    parser.add_argument(
        "--train", type=Path, metavar="CONFIG", help="real trainings, instead of a benchmark"
    )
    parser.add_argument("--surrogate", help="which surrogate answers (default: the selected one)")
    parser.add_argument("--space", help="the search space, if that is your own: module:OBJECT")
    parser.add_argument(
        "--no-noise", action="store_true", help="show optimizers means, not single trainings"
    )


def _add_optimizers(parser: argparse.ArgumentParser) -> None:
    """What searches."""
    parser.add_argument(
        "--optimizer",
        action="append",
        required=True,
        metavar="NAME",
        help=f"one of {', '.join(optimizer_names())}; again for further ones",
    )
    parser.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the optimizer, such as population_size=50; again for further ones",
    )


def _add_runs(parser: argparse.ArgumentParser) -> None:
    """How long, how often and by how many."""
    parser.add_argument("--budget", type=int, default=1000, help="evaluations (default 1000)")
    parser.add_argument(
        "--seeds", type=int, default=10, help="independent runs, seeds 0, 1, ... (default 10)"
    )
    parser.add_argument("--workers", type=int, default=1, help="simulated workers (default 1)")
    parser.add_argument(
        "--generation-size",
        type=int,
        help="synchronous generations of that size (default: workers are asynchronous)",
    )


def _optimize(options: argparse.Namespace) -> None:
    require("pyarrow")
    require("matplotlib")
    from nasforge.studies.trajectories import plot_trajectories

    _check_numbers(options)
    output = chosen_output(options.output, TABLE, beside=[FIGURE])
    check_output(output, TABLE.suffix)
    settings = _settings(options)
    backend = _backend(options)
    for name in options.optimizer:  # before the first of several has run for long
        made = make_optimizer(name, backend.space, 0, **settings)
        _check_at_once(options, backend, made)
    trajectories: list[Trajectory] = []
    for name in options.optimizer:
        with progress_bar(options.budget * options.seeds, name) as advance:
            trajectories += run_seeds(
                name,
                backend,
                options.budget,
                range(options.seeds),
                options.workers,
                options.generation_size,
                settings,
                advance,
            )
    figure = output.with_suffix(FIGURE)
    with writing(output):
        write_trajectories(output, trajectories)
        plot_trajectories(trajectories, figure)
    _report(options, backend, trajectories, (output, figure))


def _check_numbers(options: argparse.Namespace) -> None:
    for name in ("budget", "seeds", "workers", "generation_size"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise NasforgeError(f"--{name.replace('_', '-')}: {value} must be at least 1")


def _check_at_once(options: argparse.Namespace, backend: Backend, optimizer: Optimizer) -> None:
    """A table may hold fewer networks than are to be evaluated at once, which are distinct ones."""
    if options.table is None or not optimizer.uses_feedback:  # without, nobody waits for others
        return
    option, at_once = "--workers", options.workers
    if options.generation_size is not None:
        option, at_once = "--generation-size", options.generation_size
    if min(at_once, options.budget) > backend.space.size:
        raise NasforgeError(
            f"{option}: {at_once} must be at most {backend.space.size}, the number of networks in "
            f"--table {options.table}"
        )


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """Those of the optimizer, if there is a single one; and none is given twice."""
    for name, times in Counter(options.optimizer).items():
        if times > 1:
            raise NasforgeError(
                f"--optimizer: {name!r} is given {times} times; give it once, and with --seeds how "
                "often it runs"
            )
    if options.setting and len(options.optimizer) > 1:
        raise NasforgeError("--setting: goes with a single --optimizer")
    settings: dict[str, Any] = {}
    for key, value in map(_setting, options.setting):
        if key in settings:
            raise NasforgeError(
                f"--setting: {key!r} is given twice, as {settings[key]!r} and {value!r}; give it "
                "once"
            )
        settings[key] = value
    return settings


def _setting(text: str) -> tuple[str, Any]:
    """`key=value`, the value as a number if it is one."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise NasforgeError(f"--setting: {text!r} must be KEY=VALUE")
    for kind in (int, float):
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, value


def _backend(options: argparse.Namespace) -> Backend:
    given = [options.benchmark, options.table, options.train]
    if sum(source is not None for source in given) != 1:
        raise NasforgeError("optimize: give one of a benchmark, --table FILE and --train CONFIG")
    if options.benchmark is None and (options.surrogate or options.no_noise):
        raise NasforgeError("--surrogate and --no-noise go with a benchmark")
    if options.train is not None:
        return _training(options)
    space = None if options.space is None else resolve_space(options.space)
    if options.table is not None:
        from nasforge.optimizers.backends.table import TableBackend

        return TableBackend.read(options.table, space)
    return BenchmarkBackend(
        load(options.benchmark, options.surrogate, space), noisy=not options.no_noise
    )


def _training(options: argparse.Namespace) -> Backend:
    require("torch")
    from nasforge.cli.train import open_training
    from nasforge.optimizers.backends.training import TrainingBackend

    if options.space is not None:
        raise NasforgeError("--space goes with a benchmark or a table; only darts can be trained")
    training = open_training(options.train)
    return TrainingBackend(
        training.recipe,
        training.images,
        training.cache,
        training.device,
        training.backend,
        training.max_attempts,
    )


def _report(
    options: argparse.Namespace,
    backend: Backend,
    trajectories: list[Trajectory],
    written: tuple[Path, Path],
) -> None:
    summaries = summarise(trajectories)
    if options.json:
        result = {
            "backend": backend.name,
            "best_known": backend.best_known if math.isfinite(backend.best_known) else None,
            "optimizers": [summary.to_json() for summary in summaries],
            "table": str(written[0]),
            "figure": str(written[1]),
        }
        print(json.dumps(result, indent=1))
        return
    print(f"{backend.name}: {options.budget} evaluations, workers: {options.workers}")
    print(format_summary(summaries))
    known = math.isfinite(backend.best_known)
    best = f"worth {backend.best_known:.4f}" if known else "unknown"
    print("medians over runs; regrets in % points, with quartiles")
    print(f"the best known architecture is {best}")
    if surpassed(summaries):
        print(
            "a regret below 0: what was found is better than the best known, as this backend judges"
        )
    print(f"written: {written[0]}, {written[1]}")
