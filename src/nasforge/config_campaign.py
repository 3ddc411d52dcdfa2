"""What a config's schema cannot say of a campaign: images, recipe, samplers and split fit together.

>>> check_campaign(config)
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nasforge.config_values import typed_settings
from nasforge.errors import ConfigError, DatasetError, OptimizerError
from nasforge.evaluations.schema import check_export_name
from nasforge.optimizers import default_settings, make_optimizer
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS
from nasforge.surrogates.splits import MINIMUM_DEVELOPMENT
from nasforge.training.sources.size import SIZES


def check_campaign(config: Mapping[str, Any]) -> None:
    """Images, recipe and samplers, where nasforge trains; fills in the samplers' settings.

    Args:
        config: Valid by its schema, with defaults.

    Raises:
        ConfigError: Two parts contradict, or nothing could be fitted.
    """
    dataset = DatasetSpec.from_dict(config["dataset"])
    _check_images(dataset)
    try:
        _check_recipe(Recipe.from_dict(config["training"]["recipe"]), dataset)
    except ConfigError as error:
        whole = str(error).startswith("recipe.")  # it knows its own keys only
        raise ConfigError(f"training.{error}" if whole else str(error)) from None
    evaluator = config["training"]["evaluator"]
    if evaluator != "train" and evaluator not in config["training"]:
        raise ConfigError(
            f"training.{evaluator}: missing; training.evaluator {evaluator!r} needs that section"
        )
    check_export_name(config["export"]["name"], evaluator)
    trains = evaluator == "train"
    if trains and dataset.source == "parquet" and not config["execution"]["data_dir"]:
        raise ConfigError(
            "execution.data_dir: must be the folder with train-*.parquet and test-*.parquet "
            "when dataset.source is 'parquet'"
        )
    _check_unique(entry["name"] for entry in config["samplers"])
    _check_split(config)
    for number, entry in enumerate(config["samplers"]):
        try:
            allowed = default_settings(entry["optimizer"])
            entry["settings"] = typed_settings(entry["optimizer"], entry["settings"])
            for key in entry["settings"].keys() - allowed.keys():  # which may be no text
                raise OptimizerError(
                    f"{entry['optimizer']} has no setting {key!r}; allowed: "
                    f"{', '.join(allowed) or 'none'}"
                )
            make_optimizer(entry["optimizer"], DARTS, entry["seed"], **entry["settings"])
        except (OptimizerError, TypeError) as error:
            raise ConfigError(f"samplers[{number}] ({entry['name']}): {error}") from None
        # A default spelt out is the same config.
        entry["settings"] = allowed | entry["settings"]
    _check_budget(config)


def _check_images(dataset: DatasetSpec) -> None:
    """There are so many, if that is known before they are read."""
    if dataset.source in SIZES:
        try:
            SIZES[dataset.source].check(dataset)
        except DatasetError as error:
            raise ConfigError(str(error)) from None


def _check_recipe(recipe: Recipe, dataset: DatasetSpec) -> None:
    """What a recipe cannot say without its data set."""
    # The number of classes plays no part in whether the network can be built.
    recipe.network_shape(dataset.image_size, classes=1)
    if recipe.crop_padding >= dataset.image_size:
        raise ConfigError(
            f"training.recipe.crop_padding: {recipe.crop_padding} must be less than "
            f"dataset.image_size ({dataset.image_size})"
        )
    if recipe.curve_images > dataset.validation_images:
        raise ConfigError(
            f"training.recipe.curve_images: {recipe.curve_images} must be at most "
            f"dataset.validation_images ({dataset.validation_images})"
        )
    if recipe.auxiliary_weight and dataset.train_images % recipe.batch_size == 1:
        raise ConfigError(
            f"training.recipe.batch_size: {recipe.batch_size} leaves a last batch of one of "
            f"{dataset.train_images} images, and the auxiliary head normalises over several"
        )


def _check_budget(config: Mapping[str, Any]) -> None:
    """Too few proposals are known before anything is trained."""
    split = config["split"]
    proposals = sum(
        e["generations"] * e["generation_size"]
        for e in config["samplers"]
        if e["name"] not in (*split["set_aside"], *split["test_samplers"])
    )
    held_out = 0 if split["test_samplers"] else max(1, round(split["test_fraction"] * proposals))
    development = proposals - held_out
    needed = max(MINIMUM_DEVELOPMENT, config["surrogates"]["folds"])
    if development < needed:
        raise ConfigError(
            f"samplers: {proposals} proposals in all leave {max(development, 0)} architectures to "
            f"fit on, besides the test part; at least {needed} are needed"
        )


def _check_split(config: Mapping[str, Any]) -> None:
    names = [entry["name"] for entry in config["samplers"]]
    for key in ("set_aside", "test_samplers"):
        for name in config["split"][key]:
            if name not in names:
                raise ConfigError(
                    f"split.{key}: there is no sampler {name!r}; samplers: {', '.join(names)}"
                )


def _check_unique(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"samplers: two are named {name!r}; names must be unique")
        seen.add(name)
