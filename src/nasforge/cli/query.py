"""Commands that ask a benchmark: query, info, verify, sample.

$ nasforge query darts-digits-v1 "normal:...-reduce:..." --noise-seed 3
$ nasforge sample 1000 | nasforge query darts-digits-v1 - -o answers.parquet
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from nasforge.accelerator import numpy_alone
from nasforge.benchmark import Benchmark, Prediction
from nasforge.benchmark.registry import find
from nasforge.benchmark.selftest import verify
from nasforge.cli.architectures import add_architectures, read_architectures
from nasforge.cli.info import print_info
from nasforge.cli.loading import add_benchmark, load_benchmark
from nasforge.cli.parsing import Commands, add_command, print_fields
from nasforge.cli.rows import add_output, chosen_format, write_rows
from nasforge.errors import NasforgeError
from nasforge.space.protocol import Architecture
from nasforge.space.registry import resolve_space

FIELDS = tuple(field.name for field in fields(Prediction))

FEW = 1000
"""So many are answered by numpy before numba has begun: importing it takes a second, and compiling
seconds more, the first time. The slowest surrogates are even here, the others at 10,000."""


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    query = add_command(commands, "query", _query, "predict one or more architectures")
    add_benchmark(query)
    add_architectures(query)
    query.add_argument("--surrogate", help="which surrogate answers (default: the selected one)")
    query.add_argument(
        "--noise-seed", type=int, help="draw a training's outcome instead of the mean"
    )
    query.add_argument(
        "--epoch", type=int, help="of a training stopped after so many epochs (default: all)"
    )
    add_output(query)
    info = add_command(commands, "info", _info, "show what a benchmark says of itself")
    add_benchmark(info)
    info.add_argument("--scores", action="store_true", help="show the scores of all surrogates")
    check = add_command(commands, "verify", _verify, "check files and replay a benchmark's answers")
    add_benchmark(check)
    sample = add_command(commands, "sample", _sample, "draw architectures uniformly")
    sample.add_argument("number", nargs="?", type=int, default=1, help="how many (default 1)")
    sample.add_argument("--space", default="darts", help="which space (default darts)")
    sample.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")


def _query(options: argparse.Namespace) -> None:
    name = chosen_format(options)
    bench = load_benchmark(options, options.surrogate)
    texts, architectures = read_architectures(options, bench.space)
    with _engine(len(architectures)):
        answers = _answers(bench, architectures, options.noise_seed, options.epoch)
    if name != "table":
        head = ({"benchmark": bench.name, "architecture": text} for text in texts)
        rows = [{**first, **answer} for first, answer in zip(head, answers, strict=True)]
        write_rows(rows, name, options.output)
    elif len(texts) == 1 and options.output is None:
        known = {name: value for name, value in answers[0].items() if value is not None}
        print_fields({"benchmark": bench.name, "architecture": texts[0], **known})
    else:
        rows = [
            {**answer, "architecture": text} for text, answer in zip(texts, answers, strict=True)
        ]
        write_rows(rows, name, options.output)


def _engine(number: int) -> AbstractContextManager[None]:
    """What answers so many architectures soonest, counted from the start of the command."""
    return numpy_alone() if number <= FEW else nullcontext()


def _answers(
    bench: Benchmark,
    architectures: Sequence[Architecture],
    noise_seed: int | None,
    epoch: int | None,
) -> list[dict[str, Any]]:
    """Fields of a `Prediction` by architecture; None for what is not known."""
    if epoch is not None:
        return [asdict(bench.query(each, noise_seed, epoch=epoch)) for each in architectures]
    columns = {
        name: [None if np.isnan(value) else value.item() for value in values]
        for name, values in bench.query_many(architectures, noise_seed=noise_seed).items()
    }
    unknown = [None] * len(architectures)
    table = [columns.get(name, unknown) for name in FIELDS]
    return [dict(zip(FIELDS, row, strict=True)) for row in zip(*table, strict=True)]


def _info(options: argparse.Namespace) -> None:
    print_info(load_benchmark(options), options)


def _verify(options: argparse.Namespace) -> None:
    bench = load_benchmark(options)
    with numpy_alone():  # the reference, and some tens of answers
        lines = verify(find(options.benchmark), bench.space)
    if options.json:
        print(json.dumps({"benchmark": bench.manifest.full_name, "verified": lines}))
        return
    print(f"{bench.manifest.full_name}: all checksums hold; self-test replayed:")
    for line in lines:
        print(f"  {line}")


def _sample(options: argparse.Namespace) -> None:
    if options.number < 1 or options.seed < 0:
        raise NasforgeError("sample: the number must be at least 1 and the seed at least 0")
    rng = np.random.default_rng(options.seed)
    space = resolve_space(options.space)
    texts = [space.format(space.sample(rng)) for _ in range(options.number)]
    print(json.dumps(texts, indent=1) if options.json else "\n".join(texts))
