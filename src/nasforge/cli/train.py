"""The command that trains by hand.

    $ nasforge train "normal:...-reduce:..." --config config/workstation.yaml
    $ nasforge train -f found.txt --replicates 3 --config config/workstation.yaml -o results/mine

Trainings come from the config's cache where they are there, and go into it.
"""

import argparse
import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nasforge.cli.architectures import add_architectures, read_architectures
from nasforge.cli.make import training_config
from nasforge.cli.parsing import Commands, add_command, print_fields, require
from nasforge.errors import NasforgeError
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

if TYPE_CHECKING:
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.evaluations.schema import Evaluation
    from nasforge.training.dataset import ImageSet

TABLES = ("evaluations", "curves")
"""Folders of the output."""

TABLE = "trained.parquet"
"""Name of the table in each."""

MAX_REPLICATES = 1000


def add_commands(commands: Commands) -> None:
    """Add this module's command to the parser."""
    train = add_command(commands, "train", _train, "train architectures by hand")
    add_architectures(train)
    train.add_argument("--config", type=Path, required=True)
    which = train.add_mutually_exclusive_group()
    which.add_argument("--replicate", type=int, default=0, help="which seed (default 0)")
    which.add_argument("--replicates", type=int, help="so many seeds of each, from 0 on")
    train.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder to write the tables evaluations/ and curves/ to, as a campaign's parts",
    )


def _train(options: argparse.Namespace) -> None:
    require("torch")
    from nasforge.evaluations.proposals import Proposal
    from nasforge.training.shard import train_shard

    replicates = _replicates(options)
    _, genotypes = read_architectures(options, DARTS)
    if options.output is not None:  # before hours are spent on what cannot be written
        for name in TABLES:
            (options.output / name).mkdir(parents=True, exist_ok=True)
    training = open_training(options.config)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    evaluations = train_shard(
        [
            Proposal("cli", "cli", 0, position, replicate, DARTS.format(genotype))
            for position, genotype in enumerate(genotypes)
            for replicate in replicates
        ],
        training.recipe,
        training.images,
        training.cache,
        device=training.device,
        backend=training.backend,
        max_attempts=training.max_attempts,
        label="train",
    )
    if options.output is not None:
        _write(options.output, training, evaluations)
    if len(evaluations) > 1:
        _print_several(evaluations, options.json)
    else:
        _print_one(evaluations[0], options.json)


def _replicates(options: argparse.Namespace) -> range:
    if options.replicate < 0:
        raise NasforgeError(f"--replicate: {options.replicate} must be at least 0")
    if options.replicates is None:
        return range(options.replicate, options.replicate + 1)
    if not 1 <= options.replicates <= MAX_REPLICATES:
        raise NasforgeError(f"--replicates: {options.replicates} must be in 1..{MAX_REPLICATES}")
    return range(options.replicates)


def _write(folder: Path, training: "Training", evaluations: "list[Evaluation]") -> None:
    from nasforge.evaluations.tables import write_curves, write_evaluations
    from nasforge.training.shard import provenance

    source = provenance(training.recipe, training.images_folder)
    for name, write in zip(TABLES, (write_evaluations, write_curves), strict=True):
        write(folder / name / TABLE, evaluations, source)


def _print_one(evaluation: "Evaluation", as_json: bool) -> None:
    """The learning curve and the outcome.

    Raises:
        NasforgeError: The training failed.
    """
    if evaluation.status == "failed":
        raise NasforgeError(f"the training failed: {evaluation.error}")
    if as_json:
        print(json.dumps(evaluation.to_json(), indent=1))
        return
    print(f"{'epoch':>5}  train_loss  train_accuracy  val_loss  val_accuracy  elapsed_s")
    for point in evaluation.curve:
        print(
            f"{point.epoch:>5}  {point.train_loss:>10.4f}  {point.train_accuracy:>14.4f}  "
            f"{point.val_loss:>8.4f}  {point.val_accuracy:>12.4f}  {point.elapsed_s:>9.1f}"
        )
    names = ("evaluation_id", "status", "error", "val_accuracy", "test_accuracy", "train_time_s")
    print_fields({n: getattr(evaluation, n) for n in (*names, "params", "macs", "backend")})


def _print_several(evaluations: "list[Evaluation]", as_json: bool) -> None:
    """A line each; one that gave no number, as a failed one, has a dash there."""
    if as_json:
        print(json.dumps([evaluation.to_json() for evaluation in evaluations], indent=1))
        return
    print("architecture_id   replicate  status    val_accuracy  test_accuracy  train_time_s")
    for each in evaluations:
        numbers = (each.val_accuracy, each.test_accuracy, each.train_time_s)
        texts = ["-" if math.isnan(number) else f"{number:.4f}" for number in numbers]
        print(
            f"{each.architecture_id}  {each.replicate:>9}  {each.status:<8}  {texts[0]:>12}  "
            f"{texts[1]:>13}  {texts[2]:>12}"
        )


@dataclass(frozen=True)
class Training:
    """What a config trains with.

    Attributes:
        recipe: How to train.
        images: The data set.
        images_folder: Where it is, prepared.
        cache: Of finished evaluations.
        device: As in the config.
        backend: As in the config.
        max_attempts: As in the config.
    """

    recipe: Recipe
    images: "ImageSet"
    images_folder: Path
    cache: "EvaluationCache"
    device: str
    backend: str
    max_attempts: int


def open_training(file: Path) -> Training:
    """What a config trains with; its images are prepared if they are not.

    Raises:
        ConfigError: The config is wrong, or trains nothing.
    """
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.training.dataset import ImageSet
    from nasforge.training.prepare import prepared_folder

    config = training_config(file)
    execution = config["execution"]
    recipe = Recipe.from_dict(config["training"]["recipe"])
    spec = DatasetSpec.from_dict(config["dataset"])
    # Not the pipeline's folder: what stands there must be Snakemake's own work.
    data_dir = Path(execution["data_dir"]) if execution["data_dir"] else None
    folder = prepared_folder(spec, data_dir, Path(execution["cache_dir"]) / "images")
    return Training(
        recipe,
        ImageSet.open(folder, spec),
        folder,
        EvaluationCache(Path(execution["cache_dir"]), "train", recipe.recipe_id),
        execution["device"],
        execution["backend"],
        execution["max_attempts"],
    )
