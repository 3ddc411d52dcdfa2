"""Whatever a config holds, it is accepted, or refused in one line that names the key.

Configs are made from the schema, values in range, so that only what a schema cannot say is wrong;
and by mutating those that are shipped: a key deleted, renamed or added, a value replaced.
"""

import copy
import math
import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tiny_campaign import merged

from nasforge.config import check_config
from nasforge.config_errors import describe_error
from nasforge.errors import ConfigError

ROOT = Path(__file__).parents[1]
SCHEMA_FILE = ROOT / "workflow/schemas/config.schema.yaml"
SCHEMA = yaml.safe_load(SCHEMA_FILE.read_text())
SHIPPED = [
    reduce(merged, [yaml.safe_load((ROOT / "config" / name).read_text()) for name in files])
    for files in (
        ("config.yaml",),
        ("workstation.yaml",),
        ("nb301.yaml",),
        ("from_evaluations.yaml",),
        ("config.yaml", "simulate.yaml"),
        ("nb301.yaml", "full_size.yaml"),
        ("release.yaml", "release_tuned.json"),
    )
]
"""Each as it is used: what is laid over another config stands behind it."""
TRAINED = ("dataset", "training", "samplers", "replicates")
SETTINGS = ("population_size", "sample_size", "bogus")

BOUNDS = (
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "minProperties"),
)

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2, 10**9, 2**63, 10**400, -0.0, 0.5, 1e-300, 1e308]),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["", "1", "true", "nan", "~", "\n", "a" * 1000, "é", "sim-", "digits", "random", "~x"]
    ),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.dictionaries(st.integers(), st.integers(), max_size=2),
    # Built anew for each draw: one list shared by all would come to hold itself.
    st.builds(lambda: [[]]),
    st.builds(lambda: {"name": None}),
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


def named(path: tuple) -> set[str]:
    """A place as errors write it: a last integer is an item's number, or a key of its own."""
    *section, last = path
    where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in section)
    last_part = {f".{last}", f"[{last}]"} if isinstance(last, int) else {f".{last}"}
    return {(where + part).removeprefix(".") for part in last_part}


def mutate(draw: st.DrawFn, config: dict) -> list[tuple]:
    """One change somewhere; the places that an error may name, the changed one first."""
    *place, last = draw(st.sampled_from(paths(config)))
    section: Any = config
    for key in place:
        section = section[key]
    change = draw(st.sampled_from(["replace", "delete", "rename", "add"]))
    changed = [(*place, last)]
    if change == "replace" or isinstance(section, list):
        section[last] = draw(ANYTHING)
    elif change == "delete":
        del section[last]
    elif change == "rename":
        new = draw(st.one_of(st.just(f"{last}s"), st.text(max_size=6), st.integers(), st.none()))
        section[new] = section.pop(last)
        changed.append((*place, new))
    else:
        *place, last = draw(st.sampled_from(all_keys(SCHEMA)))
        section = config
        for key in place:
            if not isinstance(section.get(key), dict):
                section[key] = {}
            section = section[key]
        section[last] = draw(ANYTHING)
        changed = [(*place, last)]
        # A section that was not there may lack others, and some stand beside no others.
        if place:
            changed += [(*place, key) for key in _properties(place)] + [(place[0],)]
    return changed


def _properties(place: Sequence[str]) -> list[str]:
    """The keys that the schema knows there."""
    schema = SCHEMA
    for key in place:
        schema = schema["properties"][key]
    return list(schema["properties"])


@st.composite
def mutated_once(draw: st.DrawFn) -> tuple[dict, list[tuple]]:
    config = copy.deepcopy(draw(st.sampled_from(SHIPPED)))
    return config, mutate(draw, config)


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
    if kind == "object" and "additionalProperties" not in schema:  # a sampler's settings
        return st.dictionaries(
            st.one_of(st.sampled_from(SETTINGS), st.integers()), ANYTHING, max_size=2
        )
    if isinstance(schema.get("additionalProperties"), dict):  # settings by optimizer
        least = schema.get("minProperties", 0)
        names = valid(schema["propertyNames"])
        return st.dictionaries(names, st.builds(dict), min_size=least, max_size=2)
    if kind == "object":
        known = schema.get("properties", {})
        required = schema.get("required", [])
        if "minProperties" in schema:
            required = ["linear"]
        parts = {key: valid(part) for key, part in known.items()}
        optional = {key: part for key, part in parts.items() if key not in required}
        return st.fixed_dictionaries({key: parts[key] for key in required}, optional=optional)
    if kind == "array":
        least = schema.get("minItems", 0)
        always = [schema["contains"]["const"]] if "contains" in schema else []
        several = st.lists(valid(schema.get("items", {})), min_size=least, max_size=3)
        return several.map(lambda items: always + [item for item in items if item not in always])
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        texts = ["darts", "random", "regularized_evolution", "cpu", "sim-a", "a"]
        pattern = schema.get("pattern", "").replace("\\Z", "$")
        return st.sampled_from([text for text in texts if re.search(pattern, text)])
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 100))
    if kind == "integer":
        step = schema.get("multipleOf", 1)
        whole = st.integers(-(-least // step), most // step).map(lambda number: number * step)
        return st.one_of(st.just(schema.get("default", least)), whole)
    outside = {
        "exclude_min": "exclusiveMinimum" in schema,
        "exclude_max": "exclusiveMaximum" in schema,
    }
    return st.floats(least, most, **outside)


@st.composite
def of_schema(draw: st.DrawFn) -> dict:
    """A whole config: trained or given, so that what lies deeper is reached."""
    given_ones = draw(st.sampled_from([True, False, False, False]))
    known = SCHEMA["properties"]
    left_out = TRAINED if given_ones else ("evaluations",)
    wanted = [*SCHEMA["required"], *(["evaluations"] if given_ones else TRAINED[:3])]
    parts = {key: valid(part) for key, part in known.items() if key not in left_out}
    required = {key: part for key, part in parts.items() if key in wanted}
    optional = {key: part for key, part in parts.items() if key not in wanted}
    config = draw(st.fixed_dictionaries(required, optional=optional))
    config["name"] = config["export"]["name"] = draw(st.sampled_from(["sim-a", "a"]))
    return config


def places(config: dict) -> set[str]:
    """All that an error may be about: what is in the config, or could be."""
    items = SCHEMA["properties"]["samplers"]["items"]["properties"]
    samplers = config.get("samplers")
    number = len(samplers) if isinstance(samplers, list) else 0
    possible = [*all_keys(SCHEMA), *(("samplers", n, key) for n in range(number) for key in items)]
    return {name for path in (*paths(config), *possible) for name in named(path)}


def assert_says_what_is_allowed(message: str, error: Any) -> None:
    """Where the schema knows it: all choices, bounds and keys, a pattern in words."""
    schema, said = error.schema, message.partition(": ")[2]
    if error.validator == "not":
        assert "not allowed beside" in said
    elif error.validator == "required":
        assert "missing" in said
    elif error.validator == "additionalProperties":
        assert all(key in said for key in schema.get("properties", ["none"])), message
    elif "pattern" in schema:
        assert f"must be {schema['description']}" in said, message
        assert schema["pattern"] not in message
    elif "enum" in schema:
        assert all(str(choice) in said for choice in schema["enum"]), message
    else:
        kinds = schema["type"]
        assert all(kind in said for kind in ([kinds] if isinstance(kinds, str) else kinds)), message
        assert all(str(schema[key]) in said for key in BOUNDS if key in schema), message


def check(config: dict) -> str | None:
    """Accepted and filled in, or refused in one line that starts with a key's whole path.

    An error of the schema says what is allowed.

    Returns:
        That path, if it is the schema that refuses it.
    """
    known = {*places(config), "the config", "left out"}  # families whose encoding the space lacks
    try:
        with (
            patch("yaml.safe_load", return_value=SCHEMA),  # reading it takes most of the time
            patch("nasforge.config.describe_error", side_effect=describe_error) as described,
        ):
            check_config(config, SCHEMA_FILE)
            check_config(config, SCHEMA_FILE)  # a checked one stays so
    except ConfigError as error:
        message = str(error)
        assert "\n" not in message.partition(": ")[2]
        named_one = [p for p in known if message.startswith((f"{p}: ", f"{p} ("))]
        assert named_one, message
        assert ": " in message
        assert len(message) < 2500
        if not described.called:
            return None
        assert_says_what_is_allowed(message, described.call_args.args[0])
        return max(named_one, key=len)
    return None


LIMITS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],  # explaining takes minutes
)


@LIMITS
@given(mutated())
def test_a_mutated_config_is_accepted_or_explained(config: dict) -> None:
    check(config)


@LIMITS
@given(mutated_once())
def test_an_error_of_the_schema_names_the_change_with_its_whole_path(change: tuple) -> None:
    config, changed = change
    where = check(config)
    if where is None:
        return
    allowed = {name for path in changed for name in named(path)}
    further_in = where.startswith(tuple(name + sign for name in allowed for sign in ".["))
    section = changed[0][:-1]  # where others are too many or too few, alike or not allowed
    about_section = bool(section) and where in named(section)
    about_others = changed[0][0] == "evaluations"  # beside which nothing is trained
    assert where in allowed or further_in or about_section or about_others, (where, changed)


@LIMITS
@given(of_schema())
def test_a_config_of_the_schema_is_accepted_or_explained(config: dict) -> None:
    check(config)


def leaves(schema: Any) -> list[dict]:
    """All parts of a schema that say what one value may be."""
    parts = list(schema.values()) if isinstance(schema, dict) else schema
    inner = [leaf for part in parts if isinstance(part, dict | list) for leaf in leaves(part)]
    return [schema, *inner] if isinstance(schema, dict) else inner


def test_every_pattern_is_said_in_words() -> None:
    patterns = [part for part in leaves(SCHEMA) if isinstance(part.get("pattern"), str)]
    assert len(patterns) == 5
    assert all(isinstance(part["description"], str) for part in patterns)
