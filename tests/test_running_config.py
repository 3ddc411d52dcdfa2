"""A config edited while a run goes on."""

import copy

import pytest
from tiny_campaign import TINY

from nasforge.errors import ConfigError
from nasforge.running_config import hold_ids


def edited(**training: object) -> dict:
    config = copy.deepcopy(TINY)
    config["training"] |= training
    return config


def test_a_job_of_the_same_config_goes_on() -> None:
    environment: dict[str, str] = {}
    hold_ids(TINY, True, environment)
    hold_ids(copy.deepcopy(TINY), False, environment)
    hold_ids(edited(max_failed_fraction=0.5), False, environment)


@pytest.mark.parametrize(
    "config",
    [
        edited(recipe={**TINY["training"]["recipe"], "epochs": 3}),
        edited(evaluator="simulate", simulate={"benchmark": "b", "failure_rate": 0.1}),
        {**TINY, "dataset": {**TINY["dataset"], "train_images": 70}},
    ],
)
def test_a_job_that_would_give_other_ids_stops(config: dict) -> None:
    environment: dict[str, str] = {}
    hold_ids(TINY, True, environment)
    with pytest.raises(ConfigError, match="was edited while a run goes on"):
        hold_ids(config, False, environment)
    hold_ids(config, True, environment)  # as a second module
    hold_ids(config, False, environment)
    hold_ids(TINY, False, environment)


def test_a_job_by_hand_is_not_held_to_anything() -> None:
    hold_ids(TINY, False, {})
