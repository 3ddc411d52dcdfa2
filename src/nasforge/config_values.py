"""Values of a config as they are meant, whether a file or a command line gave them.

    >>> check_tree(config)
    >>> typed(config, schema)

Snakemake hands on what a file holds as YAML reads it, but everything within the braces of
`--config 'training={"shard_size": 7}'` as text.
"""

import json
from collections.abc import Mapping
from typing import Any

from nasforge.errors import ConfigError
from nasforge.optimizers import default_settings

DEEPEST = 30
"""Levels of a config; ours has seven."""


def check_tree(value: Any, path: str = "", above: tuple[int, ...] = ()) -> None:
    """Make sure that a config is finite: by an alias, YAML can put a section into itself.

    Args:
        value: The config, or a part of it.
        path: Where that part is.
        above: The objects that it is in, by id.

    Raises:
        ConfigError: A section holds itself, or is nested too deep.
    """
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    if id(value) in above:
        raise ConfigError(f"{path}: holds itself, by a YAML alias (*name); write it out instead")
    if len(above) == DEEPEST:
        raise ConfigError(f"{path}: nested more than {DEEPEST} levels deep")
    for key, item in items:
        part = f"[{key}]" if isinstance(value, list) else f".{key}" if path else str(key)
        if isinstance(item, dict | list):
            check_tree(item, path + part, (*above, id(value)))


def typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """A copy in which numbers, booleans and nulls that arrived as text are what they mean."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {key: typed(item, known.get(key, {})) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, schema.get("items", {})) for item in value]
    kinds = schema.get("type", "string")
    is_text = "string" in kinds and not ("null" in kinds and value == "null")
    return value if is_text else _meant(value)


def typed_settings(optimizer: str, settings: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same for the settings of an optimizer, whose defaults show what is text.

    Raises:
        OptimizerError: There is no such optimizer.
    """
    defaults = default_settings(optimizer)
    return {
        key: value if isinstance(defaults.get(key, ""), str) else _meant(value)
        for key, value in settings.items()
    }


def _meant(value: Any) -> Any:
    """The scalar that a text spells; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        meant = json.loads(value)
    except ValueError:
        return value
    return meant if meant is None or isinstance(meant, bool | int | float) else value
