"""What is wrong with a config, in one line: the key's path, the value, and what is allowed.

>>> describe_error(validation_error)
"training.shard_size: 'many' is not an integer >= 1, <= 10000"
"""

import difflib
import re
from collections.abc import Mapping
from typing import Any

_BOUNDS = (
    ("minimum", ">= {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "<= {}"),
    ("exclusiveMaximum", "< {}"),
    ("multipleOf", "a multiple of {}"),
    ("minLength", "with at least {} character(s)"),
    ("maxLength", "with at most {} character(s)"),
    ("minItems", "with at least {} item(s)"),
    ("uniqueItems", "with unique items"),
    ("minProperties", "with at least {} key(s)"),
)
_TRAINING_SECTIONS = ["dataset", "training", "samplers"]


def describe_error(error: Any) -> str:
    """One line for a jsonschema ValidationError."""
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    ).lstrip(".")
    if error.validator == "not":
        return (
            f"{path}: not allowed beside evaluations.path, because nothing is sampled or trained "
            "then; delete one of the two"
        )
    known = list(error.schema.get("properties", {}))
    if error.validator == "additionalProperties":
        unknown = next(key for key in error.instance if key not in known)
        close = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        where = f"{path}.{unknown}" if path else str(unknown)
        return f"{where}: unknown key; {hint}allowed: {', '.join(known) or 'none'}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        if error.validator_value == _TRAINING_SECTIONS:
            return (
                f"{missing}: missing; to train takes {', '.join(_TRAINING_SECTIONS)}, and to use "
                "evaluations that are there, evaluations: {path: FOLDER}"
            )
        return f"{path}.{missing}".lstrip(".") + ": missing; it has no default"
    where = f"{path or 'the config'}: {_shown(error.instance)}"
    pattern = error.schema.get("pattern")
    allowed = f"must be {error.schema['description']}" if pattern else _allowed(error.schema)
    return f"{where} {allowed}{_hint(error, pattern or '')}"


def _shown(value: Any) -> str:
    """A text in quotes, so that '3' and 3 are not the same; the beginning of what is long."""
    return repr(value[:80]) if isinstance(value, str) else str(value)[:80]


def _hint(error: Any, pattern: str) -> str:
    """YAML reads 3 as a number, where a text was meant."""
    is_number = isinstance(error.instance, int | float)
    is_no_text = error.validator == "type" and "string" in error.validator_value
    meant = is_number and is_no_text and re.search(pattern, str(error.instance))
    return "; put it in quotes" if meant else ""


def _allowed(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"is not one of {', '.join(map(str, schema['enum']))}"
    kinds = schema.get("type", "value")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    bounds = [_bound(text, schema[key]) for key, text in _BOUNDS if key in schema]
    if "contains" in schema:
        bounds.append(f"containing {schema['contains']['const']}")
    article = "an" if kind[0] in "aeiou" else "a"
    return f"is not {article} {kind}" + (f" {', '.join(bounds)}" if bounds else "")


def _bound(text: str, value: Any) -> str:
    return text.format(value).replace("(s)", "" if value == 1 else "s")
