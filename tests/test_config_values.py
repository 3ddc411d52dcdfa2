"""Values as they are meant: text that spells a number, and sections that hold themselves."""

import copy
from typing import Any

import pytest
import yaml
from tiny_campaign import REPOSITORY, TINY

from nasforge.config import check_config
from nasforge.config_values import check_tree, typed_settings
from nasforge.errors import ConfigError

SCHEMA_FILE = REPOSITORY / "workflow/schemas/config.schema.yaml"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: &x [*x]", "a[0]"),
        ("a: &x {b: [1, *x]}", "a.b[1]"),
        ("&x {a: *x}", "a"),
        ("split: &x {seed: *x}", "split.seed"),
        ("a: [&x [&y [*x]]]", "a[0][0][0]"),
    ],
)
def test_a_section_that_holds_itself_is_named(text: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_config(yaml.safe_load(text), SCHEMA_FILE)
    assert str(caught.value).startswith(f"{path}: holds itself, by a YAML alias")
    assert "\n" not in str(caught.value)


def test_a_section_in_two_places_is_no_harm() -> None:
    check_tree(yaml.safe_load("a: &x [1, 2]\nb: {c: *x, d: *x}"))


def test_nesting_without_end_is_refused() -> None:
    config: Any = {}
    for _ in range(200):
        config = {"a": [config]}
    with pytest.raises(ConfigError, match=r"a\[0\].*: nested more than 30 levels deep"):
        check_config(config, SCHEMA_FILE)


def test_settings_of_samplers_and_studies_may_arrive_as_text() -> None:
    """As of `--config 'samplers=[{..., "settings": {"population_size": 4}}]'`."""
    settings = {"population_size": "4", "sample_size": "2"}
    differential = {"differential_evolution": {"mutation_factor": "0.25"}}
    config = copy.deepcopy(TINY)
    config["samplers"][1]["settings"] = dict(settings)
    config["studies"] = {
        "trajectories": {"settings": copy.deepcopy(differential)},
        "long_runs": {"optimizers": copy.deepcopy(differential)},
    }
    check_config(config, SCHEMA_FILE)
    meant = copy.deepcopy(TINY)
    check_config(meant, SCHEMA_FILE)
    assert config["samplers"] == meant["samplers"]
    for section, key in (("trajectories", "settings"), ("long_runs", "optimizers")):
        found = config["studies"][section][key]["differential_evolution"]
        assert found["mutation_factor"] == 0.25


def test_settings_that_are_text_stay_text() -> None:
    assert typed_settings("local_search", {"improvement": "1"}) == {"improvement": "1"}
    assert typed_settings("bananas", {"encoding": "null", "members": "3"}) == {
        "encoding": None,
        "members": 3,
    }
    assert typed_settings("bananas", {"encoding": "paths"}) == {"encoding": "paths"}


@pytest.mark.parametrize("value", ["many", "[4]", "4.5", "nan", "true"])
def test_text_that_is_no_number_is_refused_by_name(value: str) -> None:
    config = copy.deepcopy(TINY)
    config["samplers"][1]["settings"]["population_size"] = value
    with pytest.raises(ConfigError, match=r"samplers\[1\] \(evolution\): population_size .* whole"):
        check_config(config, SCHEMA_FILE)
