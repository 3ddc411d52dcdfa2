"""Commands for who makes a benchmark: plan, train, restore.

    $ nasforge plan config/workstation.yaml --seconds-per-training 40
    $ nasforge train "normal:...-reduce:..." --config config/workstation.yaml
    $ nasforge restore data/darts-cifar10-cpu

What they need beyond numpy is imported when they run.
"""

import argparse
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasforge.cli.parsing import Commands, add_command, print_fields, require
from nasforge.errors import ConfigError, NasforgeError
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import DARTS

if TYPE_CHECKING:
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.training.dataset import ImageSet

SCHEMA = Path("workflow/schemas/config.schema.yaml")


def add_commands(commands: Commands) -> None:
    """Add this module's commands to the parser."""
    plan = add_command(commands, "plan", _plan, "what a config would cost, before it runs")
    plan.add_argument("config", type=Path)
    plan.add_argument(
        "--seconds-per-training",
        type=float,
        help="estimate of one training's time (default: the mean of those in the cache)",
    )
    train = add_command(commands, "train", _train, "train one architecture by hand")
    train.add_argument("architecture", help="genotype text, in either form")
    train.add_argument("--config", type=Path, required=True)
    train.add_argument("--replicate", type=int, default=0, help="which seed (default 0)")
    restore = add_command(
        commands, "restore", _restore, "fill the evaluation cache from published evaluations"
    )
    restore.add_argument("folder", type=Path, help="holds evaluations/ and curves/")
    restore.add_argument(
        "--cache",
        type=Path,
        default=Path("results/.cache"),
        help="the config's execution.cache_dir (default results/.cache)",
    )


def _plan(options: argparse.Namespace) -> None:
    from nasforge.plan import plan

    seconds = options.seconds_per_training
    if seconds is not None and not 0 < seconds < 1e9:
        raise NasforgeError(f"--seconds-per-training: {seconds:g} must be more than 0")
    result = plan(_training_config(options.config), seconds)
    if options.json:
        print(json.dumps(result.to_json(), indent=1))
    else:
        print(result.to_text())


def _train(options: argparse.Namespace) -> None:
    require("torch", "train")
    from nasforge.evaluations.proposals import Proposal
    from nasforge.training.shard import train_shard

    if options.replicate < 0:
        raise NasforgeError(f"--replicate: {options.replicate} must be at least 0")
    genotype = DARTS.parse(options.architecture)
    training = open_training(options.config)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    [evaluation] = train_shard(
        [Proposal("cli", "cli", 0, 0, options.replicate, DARTS.format(genotype))],
        training.recipe,
        training.images,
        training.cache,
        device=training.device,
        backend=training.backend,
        max_attempts=training.max_attempts,
        label="train",
    )
    if evaluation.status == "failed":
        raise NasforgeError(f"the training failed: {evaluation.error}")
    if options.json:
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


@dataclass(frozen=True)
class Training:
    """What a config trains with.

    Attributes:
        recipe: How to train.
        images: The data set.
        cache: Of finished evaluations.
        device: As in the config.
        backend: As in the config.
        max_attempts: As in the config.
    """

    recipe: Recipe
    images: "ImageSet"
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
    from nasforge.training.dataset import MANIFEST, ImageSet
    from nasforge.training.prepare import prepare

    config = _training_config(file)
    execution = config["execution"]
    recipe = Recipe.from_dict(config["training"]["recipe"])
    spec = DatasetSpec.from_dict(config["dataset"])
    # Not the pipeline's folder: what stands there must be Snakemake's own work.
    folder = Path(execution["cache_dir"]) / "images" / digest(spec.to_dict())
    if not (folder / MANIFEST).exists():
        data_dir = execution["data_dir"]
        prepare(spec, Path(data_dir) if data_dir else None, folder)
    return Training(
        recipe,
        ImageSet.open(folder, spec),
        EvaluationCache(Path(execution["cache_dir"]), "train", recipe.recipe_id),
        execution["device"],
        execution["backend"],
        execution["max_attempts"],
    )


def _restore(options: argparse.Namespace) -> None:
    require("pyarrow", "train")
    from nasforge.evaluations.restore import restore_cache

    restored = restore_cache(options.folder, options.cache)
    if options.json:
        print(json.dumps(asdict(restored)))
    else:
        print(f"{restored.evaluations} evaluations read, {restored.added} added to {options.cache}")


def _training_config(file: Path) -> Mapping[str, Any]:
    """A config with samplers and trainings."""
    config = load_config(file)
    if "evaluations" in config:
        path = config["evaluations"]["path"]
        raise ConfigError(f"{file}: trains nothing, its evaluations are in {path}")
    return config


def load_config(file: Path) -> Mapping[str, Any]:
    """Read and check a config file.

    Raises:
        ConfigError: It cannot be read, or is wrong.
    """
    require("yaml", "workflow")
    import yaml

    from nasforge.config import check_config

    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{file}: must be a mapping of keys")
    check_config(config, _find_schema(file))
    return config


def _find_schema(file: Path) -> Path:
    """The schema of the repository that the config, or else the working directory, is in."""
    for start in (file.resolve().parent, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / SCHEMA).is_file():
                return folder / SCHEMA
    raise ConfigError(f"{file}: found no {SCHEMA} above it; run inside the nasforge repository")
