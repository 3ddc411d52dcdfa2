"""Commands for who makes a benchmark: plan, restore; and how they read a config.

    $ nasforge plan config/workstation.yaml --seconds-per-training 40
    $ nasforge restore data/darts-cifar10-cpu

What they need beyond numpy is imported when they run.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nasforge.cli.parsing import Commands, add_command, require
from nasforge.errors import ConfigError, NasforgeError

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
    result = plan(training_config(options.config), seconds)
    if options.json:
        print(json.dumps(result.to_json(), indent=1))
    else:
        print(result.to_text())


def _restore(options: argparse.Namespace) -> None:
    require("pyarrow")
    from nasforge.evaluations.restore import restore_cache

    restored = restore_cache(options.folder, options.cache)
    if options.json:
        print(json.dumps(asdict(restored)))
    else:
        print(f"{restored.evaluations} evaluations read, {restored.added} added to {options.cache}")


def training_config(file: Path) -> Mapping[str, Any]:
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
    require("yaml")
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
