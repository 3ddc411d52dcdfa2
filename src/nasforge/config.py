"""A config: checked against its schema, defaults filled in, contradictions refused.

    >>> check_config(config, Path("workflow/schemas/config.schema.yaml"))

Every error is one line with the key's path, the value, and what is allowed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasforge.config_campaign import check_campaign
from nasforge.config_errors import describe_error
from nasforge.config_values import check_tree, typed, typed_settings
from nasforge.errors import ConfigError, OptimizerError, SpaceError, SurrogateError
from nasforge.optimizers import default_settings, make_optimizer
from nasforge.space import DARTS, SearchSpace
from nasforge.space.registry import resolve_space

TREES = ("lightgbm", "xgboost", "random_forest", "ngboost")
"""Families that `best_tree` stands for; a test compares them with the families themselves."""

_CASTS = {"integer": int, "number": float}


def check_config(config: dict[str, Any], schema_file: Path) -> list[str]:
    """Validate a config and fill in its defaults, in place.

    Returns:
        What the user should know: families that are left out, because the space lacks what they
        need.

    Raises:
        ConfigError: A key is unknown or missing, a value out of range, or two contradict.
    """
    import yaml
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    schema = yaml.safe_load(schema_file.read_text(encoding="utf-8"))
    types = Draft202012Validator.TYPE_CHECKER
    types = types.redefine("number", _is_number).redefine("integer", _is_integer)
    validator = extend(Draft202012Validator, type_checker=types)(schema)
    check_tree(config)
    values = typed(config, schema)
    errors = list(validator.iter_errors(values))
    if errors:
        raise ConfigError(describe_error(min(errors, key=_place)))
    normal = _normalise(values, schema)
    if "evaluations" in normal:
        del normal["replicates"]  # the schema's default; nothing is trained
    _expand_paths(normal)
    config.clear()
    config.update(normal)
    return _check_meaning(config)


def _expand_paths(config: Mapping[str, Any]) -> None:
    training = config.get("training", {})
    for where, section, key in (
        ("execution", config["execution"], "data_dir"),
        ("execution", config["execution"], "cache_dir"),
        ("evaluations", config.get("evaluations", {}), "path"),
        ("training.simulate", training.get("simulate", {}), "benchmark"),
        ("training.replay", training.get("replay", {}), "path"),
        ("studies.exploitation", config["studies"]["exploitation"], "trained"),
    ):
        if section.get(key):
            section[key] = _expanded(section[key], f"{where}.{key}")


def _expanded(path: str, key: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ConfigError(
            f"{key}: {path!r}: there is no such user's home folder; give a path without ~"
        ) from None


def _normalise(value: Any, schema: Mapping[str, Any]) -> Any:
    """Fill in defaults; one order of keys and one type per number.

    Configs that mean the same become the same, so that spelling out a default or moving a key
    re-runs nothing.
    """
    if isinstance(value, dict):
        known = schema.get("properties")
        if known is None:
            return {key: value[key] for key in sorted(value, key=str)}
        return {
            key: _normalise(value.get(key, part.get("default")), part)
            for key, part in known.items()
            if key in value or "default" in part
        }
    if isinstance(value, list):
        return [_normalise(item, schema.get("items", {})) for item in value]
    return _CASTS.get(str(schema.get("type")), lambda same: same)(value)


def _is_number(_: object, value: Any) -> bool:
    """A finite number, unlike jsonschema's, which may be nan."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _is_integer(_: object, value: Any) -> bool:
    """A whole number that fits an int64; 4.0 is one."""
    return _is_number(_, value) and value == int(value) and abs(value) < 2**63


def _check_meaning(config: dict[str, Any]) -> list[str]:
    """What a schema cannot say."""
    space = _space(config["space"])
    notes = _leave_out_families(config["surrogates"]["families"], space)
    _check_parts(config["split"])
    _check_curve(config)
    _check_named_surrogates(config)
    _check_studies(config["studies"])
    _check_exploitation(config)
    if "evaluations" in config:
        return notes
    if space is not DARTS:
        raise ConfigError(
            f"space: {config['space']!r} cannot be trained, only {DARTS.name} can; give "
            "evaluations: {path: FOLDER} (nasforge import makes one) instead of dataset, training "
            "and samplers"
        )
    check_campaign(config)
    return notes


def _check_parts(split: Mapping[str, Any]) -> None:
    """What is set aside is in no part, so it is not in the test part."""
    for name in split["set_aside"]:
        if name in split["test_samplers"]:
            raise ConfigError(
                f"split.set_aside: {name!r} is in split.test_samplers too; a sampler is set aside "
                "or makes the test part, so delete it from one of the two"
            )


def _check_curve(config: Mapping[str, Any]) -> None:
    """Its family is fitted, and epochs are enough; given evaluations say only later how many."""
    surrogates = config["surrogates"]
    curve, families = surrogates["curve"], list(surrogates["families"])
    if curve["components"] and curve["family"] not in families:
        raise ConfigError(
            f"surrogates.curve.family: {curve['family']!r} is not one of surrogates.families "
            f"({', '.join(families)})"
        )
    if "training" in config and curve["components"] >= config["training"]["recipe"]["epochs"]:
        epochs = config["training"]["recipe"]["epochs"]
        raise ConfigError(
            f"surrogates.curve.components: {curve['components']} must be less than "
            f"training.recipe.epochs ({epochs}); 0 fits no curve"
        )


def _check_named_surrogates(config: Mapping[str, Any]) -> None:
    """Surrogates that are named elsewhere are fitted."""
    surrogates = config["surrogates"]
    blend, families = surrogates["blend"], list(surrogates["families"])
    for name in blend["families"] or ():
        if name not in families:
            raise ConfigError(
                f"surrogates.blend.families: {name!r} is not one of surrogates.families "
                f"({', '.join(families)})"
            )
    allowed = families + ["blend"] * bool(blend["parts"])
    allowed += ["best_tree"] * bool(set(TREES) & set(families))
    for name, surrogate in (config["export"]["surrogates"] or {}).items():
        if surrogate not in allowed:
            raise ConfigError(
                f"export.surrogates.{name}: {surrogate!r} is not fitted by this config, must be "
                f"one of {', '.join(allowed)}"
            )


def _space(reference: str) -> SearchSpace:
    try:
        return resolve_space(reference)
    except SpaceError as error:
        raise ConfigError(f"space: {error}") from None


def _leave_out_families(families: dict[str, Any], space: SearchSpace) -> list[str]:
    """Take out families whose encoding the space lacks, and say so.

    Ours has all of them, and is not checked, to save the import.
    """
    if space is DARTS:
        return []
    from nasforge.surrogates.families import FAMILIES

    notes = []
    for name in list(families):
        try:
            FAMILIES[name].encoding_for(space)
        except SurrogateError as error:
            notes.append(f"left out: {error}")
            del families[name]
    if not families:
        raise ConfigError("; ".join(notes))
    return notes


def _check_studies(studies: Mapping[str, Any]) -> None:
    """Settings of optimizers that run on benchmarks, and draws that hold a small space."""
    for section, key in (("trajectories", "settings"), ("long_runs", "optimizers")):
        given = studies[section][key]
        for name, settings in given.items():
            try:
                settings = typed_settings(name, settings)
                make_optimizer(name, DARTS, 0, **settings)
            except (OptimizerError, TypeError) as error:
                raise ConfigError(f"studies.{section}.{key}: {error}") from None
            given[name] = default_settings(name) | settings
    draws, table_size = (studies["random_draws"][key] for key in ("draws", "table_size"))
    if draws < table_size:
        raise ConfigError(
            f"studies.random_draws.draws: {draws} must be at least studies.random_draws.table_size "
            f"({table_size}), because the small space is drawn from them"
        )


def _check_exploitation(config: Mapping[str, Any]) -> None:
    """What is found can be trained; or was, and is not to be trained as well."""
    exploitation = config["studies"]["exploitation"]
    if exploitation["train"] and "evaluations" in config:
        raise ConfigError(
            "studies.exploitation.train: must be false where evaluations are given, because "
            "nothing can be trained then"
        )
    if exploitation["train"] and config["training"]["evaluator"] == "replay":
        raise ConfigError(
            "studies.exploitation.train: must be false where training.evaluator is 'replay', "
            "because what is found is not among the trainings that are there"
        )
    if not exploitation["trained"]:
        return
    folder = Path(exploitation["trained"])
    if exploitation["train"]:
        raise ConfigError("studies.exploitation.trained: not allowed beside train: true")
    predictions = folder / "predictions.parquet"
    if not predictions.is_file() or not any(folder.glob("evaluations/*.parquet")):
        raise ConfigError(
            f"studies.exploitation.trained: {folder} must hold predictions.parquet and "
            "evaluations/*.parquet"
        )


def _place(error: Any) -> tuple[int, bool, str]:
    """Outer sections first; in one, a misspelt key before the key that is missing for it."""
    return len(error.absolute_path), error.validator != "additionalProperties", error.message
