"""Whatever a config holds, it is accepted, or refused in one line that names the key.

Configs are made from the schema (values in range, at the edges, beyond them and of other types) and
by mutating those that are shipped: a key deleted, renamed or added, a value replaced.
"""

import copy
import math
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasforge.config import check_config
from nasforge.errors import ConfigError

ROOT = Path(__file__).parents[1]
SCHEMA_FILE = ROOT / "workflow/schemas/config.schema.yaml"
SCHEMA = yaml.safe_load(SCHEMA_FILE.read_text())
SHIPPED = [
    yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    for name in ("config", "workstation", "nb301", "from_evaluations")
]
LOOKS_LIKE_A_PATH = r"^[A-Za-z_][\w.\[\]() -]*: "

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2, 10**9, 2**63, 10**400, -0.0, 0.5, 1e-300, 1e308]),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["", "1", "true", "nan", "~", "\n", "a" * 1000, "é", "sim-", "digits", "random"]
    ),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.dictionaries(st.integers(), st.integers(), max_size=2),
    st.just([[]]),
    st.just({"name": None}),
)


def paths(value: Any, path: tuple = ()) -> list[tuple]:
    """Places of all keys and items."""
    items: list = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [p for key, item in items for p in ((*path, key), *paths(item, (*path, key)))]


def all_keys(schema: dict, path: tuple = ()) -> list[tuple]:
    """Places of all keys the schema knows."""
    found = []
    for key, part in schema.get("properties", {}).items():
        found += [(*path, key), *all_keys(part, (*path, key))]
    return found


def mutate(draw: st.DrawFn, config: dict) -> None:
    """One change somewhere."""
    *place, last = draw(st.sampled_from(paths(config)))
    section: Any = config
    for key in place:
        section = section[key]
    change = draw(st.sampled_from(["replace", "delete", "rename", "add"]))
    if change == "replace" or isinstance(section, list):
        section[last] = draw(ANYTHING)
    elif change == "delete":
        del section[last]
    elif change == "rename":
        new = draw(st.one_of(st.just(f"{last}s"), st.text(max_size=6), st.integers(), st.none()))
        section[new] = section.pop(last)
    else:
        *place, last = draw(st.sampled_from(all_keys(SCHEMA)))
        section = config
        for key in place:
            if not isinstance(section.get(key), dict):
                section[key] = {}
            section = section[key]
        section[last] = draw(ANYTHING)


@st.composite
def mutated(draw: st.DrawFn) -> dict:
    config = copy.deepcopy(draw(st.sampled_from(SHIPPED)))
    for _ in range(draw(st.integers(1, 3))):
        if config:
            mutate(draw, config)
    return config


def valid(schema: dict) -> st.SearchStrategy:
    """Values that one part of the schema allows, edges more often than not."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.one_of(st.none(), st.just("x"))
    if kind == "object":
        known, required = schema.get("properties", {}), schema.get("required", [])
        parts = {key: valid(part) for key, part in known.items()}
        optional = {key: part for key, part in parts.items() if key not in required}
        return st.fixed_dictionaries({key: parts[key] for key in required}, optional=optional)
    if kind == "array":
        return st.lists(valid(schema.get("items", {})), max_size=3)
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        return st.sampled_from(["a", "x-1", "sim-a", "random", "darts", "data", "cpu"])
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 100))
    edges = [least, most, schema.get("default", least), least + schema.get("multipleOf", 1)]
    if kind == "integer":
        return st.one_of(st.sampled_from(edges), st.integers(least - 1, min(most, 10**6) + 1))
    return st.one_of(st.sampled_from(edges), st.floats(least, most))


def check(config: dict) -> None:
    """Accepted and filled in, or refused as it should be."""
    try:
        check_config(config, SCHEMA_FILE)
    except ConfigError as error:
        message = str(error)
        assert "\n" not in message
        assert ": " in message
        assert message.partition(":")[0].strip(), message
        assert len(message) < 1500
    else:
        check_config(config, SCHEMA_FILE)  # a checked one stays so


LIMITS = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@LIMITS
@given(mutated())
def test_a_mutated_config_is_accepted_or_explained(config: dict) -> None:
    check(config)


@LIMITS
@given(valid(SCHEMA))
def test_a_config_of_the_schema_is_accepted_or_explained(config: dict) -> None:
    check(config)
