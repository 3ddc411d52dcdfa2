"""Fields of the dataclasses that a config fills: of one type, in range, and on or off.

>>> cast_fields(recipe, "training.recipe"), options_on(recipe)
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from nasforge.errors import ConfigError

T = TypeVar("T")


def options_on(value: Any) -> dict[str, Any]:
    """The fields without a default, and those that differ from it."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }


def cast_fields(value: Any, section: str) -> None:
    """Make `1` and `1.0` the same value, hence the same id; refuse what is no such number.

    Raises:
        ConfigError: A field has another type.
    """
    for field in fields(value):
        given = getattr(value, field.name)
        if field.type in (int, float):
            if isinstance(given, bool) or not isinstance(given, int | float):
                raise ConfigError(f"{section}.{field.name}: {given!r} is not a number")
            # The comparison is False for nan, and exact for an integer that no float can hold.
            if not abs(given) < 1e300 or (field.type is int and given != int(given)):
                kind = "whole" if field.type is int else "finite"
                raise ConfigError(f"{section}.{field.name}: {given} must be a {kind} number")
            object.__setattr__(value, field.name, field.type(given))
        elif not isinstance(given, field.type):
            raise ConfigError(f"{section}.{field.name}: {given!r} is not a {field.type.__name__}")


def check_range(
    value: Any,
    section: str,
    allowed: Mapping[str, tuple[bool, str]],
) -> None:
    """Refuse the first field that is out of range, with what it must be.

    Args:
        value: The dataclass.
        section: Its place in a config.
        allowed: By field: whether it is in range, and the range in words.

    Raises:
        ConfigError: A field is out of range.
    """
    for name, (ok, must_be) in allowed.items():
        if not ok:
            raise ConfigError(f"{section}.{name}: {getattr(value, name)!r} must be {must_be}")


def from_dict(cls: type[T], values: Mapping[str, Any], section: str) -> T:
    """Make a dataclass of a section of a config.

    Raises:
        ConfigError: A key is unknown or missing.
    """
    known = {field.name: field.default for field in fields(cls)}
    for key in values:
        if key not in known:
            raise ConfigError(f"{section}.{key}: unknown key; allowed: {', '.join(known)}")
    for key, default in known.items():
        if default is MISSING and key not in values:
            raise ConfigError(f"{section}.{key}: missing")
    return cls(**values)
