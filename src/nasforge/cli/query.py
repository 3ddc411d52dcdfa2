"""Commands that ask a benchmark: query, info, verify, sample.

$ nasforge query darts-digits-v1 "normal:...-reduce:..." --noise-seed 3
"""

import argparse
import json
from dataclasses import asdict

import numpy as np

from nasforge.benchmark import Benchmark, available, load
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.registry import find
from nasforge.benchmark.score_text import ceiling_text, score_text
from nasforge.benchmark.selftest import verify
from nasforge.cli.parsing import Commands, add_command, print_fields
from nasforge.errors import NasforgeError
from nasforge.space.registry import resolve_space


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    query = add_command(commands, "query", _query, "predict one or more architectures")
    _add_benchmark(query)
    query.add_argument("architecture", nargs="+", help="genotype text, in either form")
    query.add_argument("--surrogate", help="which surrogate answers (default: the selected one)")
    query.add_argument(
        "--noise-seed", type=int, help="draw a training's outcome instead of the mean"
    )
    info = add_command(commands, "info", _info, "show what a benchmark says of itself")
    _add_benchmark(info)
    check = add_command(commands, "verify", _verify, "check files and replay a benchmark's answers")
    _add_benchmark(check)
    sample = add_command(commands, "sample", _sample, "draw architectures uniformly")
    sample.add_argument("number", nargs="?", type=int, default=1, help="how many (default 1)")
    sample.add_argument("--space", default="darts", help="which space (default darts)")
    sample.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")


def _add_benchmark(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(available()) or "none in this version"
    parser.add_argument("benchmark", help=f"folder, or one that comes with nasforge ({names})")
    parser.add_argument("--space", help="its search space, if that is your own: module:OBJECT")


def _load(options: argparse.Namespace, surrogate: str | None = None) -> Benchmark:
    space = None if options.space is None else resolve_space(options.space)
    return load(options.benchmark, surrogate, space)


def _query(options: argparse.Namespace) -> None:
    bench = _load(options, options.surrogate)
    predictions = [
        bench.query(architecture, noise_seed=options.noise_seed)
        for architecture in options.architecture
    ]
    if options.json:
        rows = [
            {"benchmark": bench.name, "architecture": architecture, **asdict(prediction)}
            for architecture, prediction in zip(options.architecture, predictions, strict=True)
        ]
        print(json.dumps(rows, indent=1))
        return
    for architecture, prediction in zip(options.architecture, predictions, strict=True):
        print_fields({"architecture": architecture, **asdict(prediction)})


def _info(options: argparse.Namespace) -> None:
    bench = _load(options)
    manifest = bench.manifest
    if options.json:
        print(json.dumps(manifest.to_json(), indent=1))
        return
    training = manifest.training_set
    print_fields(
        {
            "name": manifest.full_name,
            "description": manifest.description,
            "space": f"{manifest.space['name']} ({bench.space.size:.3e} architectures)",
            "evaluations": manifest.evaluator,
            "data set": _dataset_text(manifest),
            "recipe": manifest.recipe["recipe_id"],
            "trainings": f"{training['evaluations']} of {training['architectures']} architectures",
            "surrogates": ", ".join(manifest.surrogates),
            "selected": manifest.selected,
            "targets": ", ".join(manifest.targets),
            "licence": manifest.licence,
        }
    )
    print(f"\nheld-out scores of {manifest.selected}")
    print(f"{'target':<14} {'metric':<20} {'n':>5}  {'score [90 % interval]':<28} ceiling")
    for target, model in manifest.surrogates[manifest.selected].targets.items():
        for row in model.scores:
            print(
                f"{target:<14} {row['metric']:<20} {row['n']:>5}  {score_text(row):<28} "
                f"{ceiling_text(row)}"
            )


def _dataset_text(manifest: Manifest) -> str:
    spec = manifest.dataset.get("spec")
    source = f"{spec.get('source')}, " if isinstance(spec, dict) else ""
    return source + manifest.dataset["dataset_id"]


def _verify(options: argparse.Namespace) -> None:
    bench = _load(options)
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
