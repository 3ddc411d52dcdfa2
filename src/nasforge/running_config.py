"""A config that is edited while a run goes on: jobs that would give other ids stop.

    >>> hold_ids(config, main=True)  # where the run starts
    >>> hold_ids(config, main=False)  # in each of its jobs

Jobs on a cluster read the config file anew (those on the machine of the run do not). What decides
the ids of evaluations must then be as it was when the run started, or the results of two recipes
would stand in one folder.
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import Any

from nasforge.errors import ConfigError
from nasforge.recipe import digest

VARIABLE = "NASFORGE_RUNNING_IDS"
"""Environment variable that jobs inherit; a run may hold several configs (as modules)."""


def hold_ids(
    config: Mapping[str, Any], main: bool, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Remember what decides the ids, or compare with what was remembered.

    Args:
        config: A checked config.
        main: Whether this process starts the run.
        environment: Where it is remembered.

    Raises:
        ConfigError: The config was edited since the run started.
    """
    ids = digest([config.get("dataset"), _deciding(config.get("training", {}))])
    held = [value for value in environment.get(VARIABLE, "").split(",") if value]
    if main:
        environment[VARIABLE] = ",".join([*held, ids])
    elif held and ids not in held:
        raise ConfigError(
            "dataset or training was edited while a run goes on; its remaining jobs stop. Start it "
            "again to go on with the edited config, or undo the edit first to go on as before"
        )


def _deciding(training: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `training` that ids depend on."""
    evaluator = training.get("evaluator")
    rates = {k: v for k, v in training.get("simulate", {}).items() if k != "benchmark"}
    return {
        "recipe": training.get("recipe"),
        "evaluator": evaluator,
        "simulate": rates if evaluator == "simulate" else None,
    }
