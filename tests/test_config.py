"""Configs: the shipped ones pass, wrong ones give one line that says where, what and why."""

import copy
import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_campaign import merged

from nasforge.campaign import Campaign
from nasforge.config import check_config
from nasforge.errors import ConfigError
from nasforge.optimizers import OPTIMIZERS
from nasforge.recipe import IMAGE_SOURCES, DatasetSpec, Recipe

ROOT = Path(__file__).parents[1]
SCHEMA_FILE = ROOT / "workflow" / "schemas" / "config.schema.yaml"
SCHEMA = yaml.safe_load(SCHEMA_FILE.read_text())
SHIPPED = sorted(file.name for file in (ROOT / "config").glob("*.yaml"))
QUICKSTART = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
MINIMAL = {
    "name": "minimal",
    "dataset": {
        "source": "digits",
        "image_size": 8,
        "train_images": 100,
        "validation_images": 50,
        "test_images": 50,
    },
    "training": {
        "recipe": {
            "cells": 3,
            "channels": 4,
            "epochs": 1,
            "batch_size": 32,
            "learning_rate": 0.1,
        }
    },
    "samplers": [
        {"name": "a", "optimizer": "random", "seed": 1, "generations": 1, "generation_size": 20}
    ],
    "surrogates": {"families": {"mean": {}}},
    "export": {"name": "minimal", "version": 1, "description": "The least there can be."},
}
MISSING = object()
RE_A = "samplers.1"
LOCAL = {
    "name": "local",
    "optimizer": "local_search",
    "seed": 1,
    "generations": 2,
    "generation_size": 4,
}

Path_ = tuple[str | int, ...]


def checked(config: dict[str, Any]) -> dict[str, Any]:
    config = copy.deepcopy(config)
    check_config(config, SCHEMA_FILE)
    return config


def with_value(config: dict[str, Any], path: Path_, value: object) -> dict[str, Any]:
    """A copy with a key set, added or (if the value is MISSING) deleted."""
    config = copy.deepcopy(config)
    *keys, last = path
    section: Any = config
    for key in keys:
        section = section[key]
    if value is MISSING:
        del section[last]
    else:
        section[last] = value
    return config


def split_path(path: str) -> Path_:
    return tuple(int(key) if key.isdigit() else key for key in path.split("."))


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    if path:
        yield path
    for key, item in items:
        yield from leaves(item, (*path, key))


LAID_OVER = {"simulate.yaml": "config.yaml", "full_size.yaml": "nb301.yaml"}
"""Configs that are no campaign of their own."""


def shipped(name: str) -> dict[str, Any]:
    config = yaml.safe_load((ROOT / "config" / name).read_text())
    return merged(shipped(LAID_OVER[name]), config) if name in LAID_OVER else config


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_configs_pass(name: str) -> None:
    config = shipped(name)
    given_values = {path: value_at(config, path) for path in leaves(config)}
    check_config(config, SCHEMA_FILE)
    for path, value in given_values.items():
        if not isinstance(value, dict | list):
            assert value_at(config, path) == value


def value_at(config: Any, path: Path_) -> Any:
    for key in path:
        config = config[key]
    return config


DEFAULT_SPLIT = {"test_fraction": 0.2, "seed": 0, "set_aside": [], "test_samplers": []}
GIVEN = {key: MINIMAL[key] for key in ("name", "surrogates", "export")}
GIVEN["evaluations"] = {"path": "data/mine"}


def test_given_evaluations_need_no_trainings() -> None:
    config = checked(GIVEN)
    assert config["evaluations"] == {"path": "data/mine"}
    assert config["space"] == "darts"
    assert not {"dataset", "training", "samplers", "replicates"} & set(config)
    assert config["split"] == DEFAULT_SPLIT


def test_the_folder_of_evaluations_may_be_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    config = checked(GIVEN | {"evaluations": {"path": "~/data"}})
    assert config["evaluations"]["path"] == "/home/someone/data"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": MINIMAL["training"]}, "training: not allowed beside evaluations.path"),
        ({"dataset": MINIMAL["dataset"]}, "dataset: not allowed beside evaluations.path"),
        ({"samplers": MINIMAL["samplers"]}, "samplers: not allowed beside evaluations.path"),
        ({"replicates": {}}, "replicates: not allowed beside evaluations.path"),
        ({"evaluations": {}}, "evaluations.path: missing; it has no default"),
        (
            {"evaluations": {"path": ""}},
            "evaluations.path: '' is not a string with at least 1 char",
        ),
        ({"evaluations": {"pth": "x", "path": "x"}}, "evaluations.pth: unknown key; did you mean"),
        ({"evaluations": "data"}, "evaluations: 'data' is not an object"),
        ({"space": "nasbench101"}, "space: search space 'nasbench101' is not installed; there are"),
        ({"space": "no_module:X"}, "space: search space 'no_module:X' cannot be imported"),
        ({"space": ""}, "space: '' is not a string with at least 1 character"),
    ],
    ids=str,
)
def test_wrong_use_of_given_evaluations_is_explained(change: dict, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(GIVEN | change)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["dataset", "training", "samplers"])
def test_a_missing_section_names_both_ways(missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(with_value(MINIMAL, (missing,), MISSING))
    assert str(caught.value) == (
        f"{missing}: missing; to train takes dataset, training, samplers, and to use evaluations "
        "that are there, evaluations: {path: FOLDER}"
    )


def test_only_darts_can_be_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_to_train.py").write_text(
        "from nasforge.space.darts.space import DartsSpace\nSPACE = DartsSpace()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="space: 'mine_to_train:SPACE' cannot be trained, only"):
        checked(MINIMAL | {"space": "mine_to_train:SPACE"})
    assert checked(GIVEN | {"space": "mine_to_train:SPACE"})["space"] == "mine_to_train:SPACE"


def test_defaults_are_filled_in() -> None:
    config = checked(MINIMAL)
    assert config["dataset"]["split_seed"] == 0
    assert config["training"]["shard_size"] == 5
    assert config["training"]["recipe"]["momentum"] == 0.0
    assert config["samplers"][0]["settings"] == {}
    assert config["replicates"] == {"fraction": 0.0, "seeds": 3, "seed": 0}
    assert config["split"] == DEFAULT_SPLIT
    assert config["surrogates"]["targets"] == ["val_accuracy", "test_accuracy", "train_time_s"]
    assert config["execution"]["data_dir"] is None


def test_a_licence_is_stated_by_who_may_and_nobody_else() -> None:
    assert checked(MINIMAL)["export"]["licence"] == "not stated"
    assert checked(shipped("from_evaluations.yaml"))["export"]["licence"] == "not stated"
    assert checked(shipped("release.yaml"))["export"]["licence"] == "CC-BY-4.0"


def test_text_that_means_a_number_is_one() -> None:
    """`--config 'training={"shard_size": 7}'` arrives as text."""
    config = copy.deepcopy(QUICKSTART)
    config["training"]["shard_size"] = "7"
    config["training"]["recipe"] |= {"learning_rate": "0.05", "flip": "true"}
    config["execution"]["data_dir"] = "null"
    config["name"] = "12"
    result = checked(config)
    assert result["training"]["shard_size"] == 7
    assert result["training"]["recipe"]["learning_rate"] == 0.05
    assert result["training"]["recipe"]["flip"] is True
    assert result["execution"]["data_dir"] is None
    assert result["name"] == "12"  # a text stays one


def test_a_set_aside_sampler_must_exist_and_is_no_part_of_the_budget() -> None:
    with pytest.raises(ConfigError, match="there is no sampler 'other'; samplers: a"):
        checked(MINIMAL | {"split": {"set_aside": ["other"]}})
    with pytest.raises(ConfigError, match="0 proposals in all"):
        checked(MINIMAL | {"split": {"set_aside": [MINIMAL["samplers"][0]["name"]]}})


def test_a_test_sampler_must_exist_and_is_no_part_of_the_budget() -> None:
    with pytest.raises(ConfigError, match=r"split.test_samplers: there is no sampler 'other'"):
        checked(MINIMAL | {"split": {"test_samplers": ["other"]}})
    own = MINIMAL["samplers"][0]["name"]
    with pytest.raises(ConfigError, match="0 proposals in all"):
        checked(MINIMAL | {"split": {"test_samplers": [own]}})
    fresh = {**MINIMAL["samplers"][0], "name": "fresh"}
    samplers = [*MINIMAL["samplers"], fresh]
    config = checked(MINIMAL | {"samplers": samplers, "split": {"test_samplers": ["fresh"]}})
    assert config["split"]["test_samplers"] == ["fresh"]


def test_a_sampler_that_is_set_aside_makes_no_test_part() -> None:
    split = {"set_aside": ["b", "a"], "test_samplers": ["a"]}
    for config in (MINIMAL, GIVEN):
        with pytest.raises(ConfigError, match=r"split\.set_aside: 'a' is in split\.test_samplers"):
            checked(config | {"split": split})


def test_a_curve_is_predicted_by_one_of_the_families() -> None:
    surrogates = {"families": {"linear": {}}, "curve": {"components": 2}}
    with pytest.raises(ConfigError, match=r"curve\.family: 'lightgbm' is not one of .* \(linear\)"):
        checked(MINIMAL | {"surrogates": surrogates})


def test_a_curve_has_fewer_components_than_epochs() -> None:
    def with_components(number: int) -> dict[str, Any]:
        surrogates = {"families": {"linear": {}}, "curve": {"components": number}}
        surrogates["curve"]["family"] = "linear"
        return with_value(MINIMAL, ("training", "recipe", "epochs"), 8) | {"surrogates": surrogates}

    assert checked(with_components(7))["surrogates"]["curve"]["components"] == 7
    for number in (8, 20):
        with pytest.raises(ConfigError, match=rf"components: {number} must be less than .* \(8\)"):
            checked(with_components(number))
    given = {key: with_components(20)[key] for key in ("name", "surrogates", "export")}
    assert checked(given | {"evaluations": {"path": "data"}})  # its epochs are in the tables


def test_studies_train_nothing_where_evaluations_are_given() -> None:
    studies = {"exploitation": {"train": True}}
    assert checked(MINIMAL | {"studies": studies})["studies"]["exploitation"]["train"] is True
    with pytest.raises(ConfigError, match=r"studies\.exploitation\.train: must be false"):
        checked(GIVEN | {"studies": studies})


def test_what_studies_train_can_be_rehearsed_and_not_replayed() -> None:
    def evaluated_by(evaluator: str, **source: str) -> dict[str, Any]:
        training = {"evaluator": evaluator, evaluator: source}
        studies = {"exploitation": {"train": True}}
        over = {"training": training, "studies": studies, "export": {"name": "sim-minimal"}}
        return checked(merged(MINIMAL, over))

    assert evaluated_by("simulate", benchmark="b")["studies"]["exploitation"]["train"] is True
    with pytest.raises(ConfigError, match=r"exploitation\.train: must be false .* is 'replay'"):
        evaluated_by("replay", path="p")


def test_what_was_trained_before_must_be_there(tmp_path: Path) -> None:
    given = {"exploitation": {"trained": str(tmp_path)}}
    with pytest.raises(ConfigError, match=r"trained: .* must hold predictions\.parquet and eval"):
        checked(MINIMAL | {"studies": given})
    (tmp_path / "predictions.parquet").touch()
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "evaluations" / "a.parquet").touch()
    assert checked(MINIMAL | {"studies": given})["studies"]["exploitation"]["train"] is False
    both = {"exploitation": {"trained": str(tmp_path), "train": True}}
    with pytest.raises(ConfigError, match="trained: not allowed beside train"):
        checked(MINIMAL | {"studies": both})


@pytest.mark.parametrize(
    ("section", "key"), [("trajectories", "settings"), ("long_runs", "optimizers")]
)
def test_settings_of_optimizers_in_studies_are_checked(section: str, key: str) -> None:
    studies = {section: {key: {"local_search": {"improvement": "first"}, "tpe": {}}}}
    found = checked(MINIMAL | {"studies": studies})["studies"][section][key]
    assert found["local_search"] == {"improvement": "first"}
    assert found["tpe"]  # its defaults
    studies[section][key]["tpe"] = {"starts": 3}
    with pytest.raises(ConfigError, match=rf"studies\.{section}\.{key}: tpe has no setting"):
        checked(MINIMAL | {"studies": studies})
    with pytest.raises(ConfigError, match=rf"studies\.{section}\.{key}: 'sgd' is not one of"):
        checked(MINIMAL | {"studies": {section: {key: {"sgd": {}}}}})


def test_a_small_space_is_drawn_from_as_many_draws() -> None:
    def drawing(**sizes: int) -> dict[str, Any]:
        return checked(MINIMAL | {"studies": {"random_draws": sizes}})

    assert drawing(draws=50, table_size=50)
    with pytest.raises(ConfigError, match=r"random_draws\.draws: 49 must be at least .* \(50\)"):
        drawing(draws=49, table_size=50)
    with pytest.raises(ConfigError, match=r"draws: 1000 must be .*table_size \(6466\)"):
        drawing(draws=1000)


def test_a_checked_config_stays_as_it_is() -> None:
    config = checked(QUICKSTART)
    assert checked(config) == config


def test_spelling_out_defaults_or_moving_keys_changes_nothing() -> None:
    spelled_out = checked(MINIMAL)
    moved = {key: spelled_out[key] for key in reversed(spelled_out)}
    assert list(yaml.safe_dump(checked(moved), sort_keys=False)) == list(
        yaml.safe_dump(spelled_out, sort_keys=False)
    )


def test_whole_numbers_and_fractions_have_one_type_each() -> None:
    config = with_value(QUICKSTART, ("training", "recipe", "gradient_clip"), 5)
    config = with_value(config, ("samplers", 0, "generations"), 2.0)
    config = checked(with_value(config, ("training", "shard_size"), 6.0))
    assert repr(config["training"]["recipe"]["gradient_clip"]) == "5.0"
    assert repr(config["samplers"][0]["generations"]) == "2"
    assert repr(config["training"]["shard_size"]) == "6"


def test_defaults_of_one_config_are_not_those_of_another() -> None:
    first = checked(MINIMAL)
    first["surrogates"]["targets"].clear()
    first["samplers"][0]["settings"]["x"] = 1
    second = checked(MINIMAL)
    assert len(second["surrogates"]["targets"]) == 3
    assert second["samplers"][0]["settings"] == {}


@pytest.mark.parametrize(
    ("cls", "section"),
    [
        (Recipe, SCHEMA["properties"]["training"]["properties"]["recipe"]),
        (DatasetSpec, SCHEMA["properties"]["dataset"]),
    ],
)
def test_the_schema_has_the_fields_and_defaults_of_the_dataclass(
    cls: type, section: dict[str, Any]
) -> None:
    fields = {field.name: field.default for field in dataclasses.fields(cls)}
    assert list(section["properties"]) == list(fields)
    assert section["required"] == [n for n, d in fields.items() if d is dataclasses.MISSING]
    for name, default in fields.items():
        expected = {} if default is dataclasses.MISSING else {"default": default}
        found = {k: v for k, v in section["properties"][name].items() if k == "default"}
        assert repr(found) == repr(expected)


def test_the_schema_knows_the_image_sources() -> None:
    enum = SCHEMA["properties"]["dataset"]["properties"]["source"]["enum"]
    assert tuple(enum) == IMAGE_SOURCES


def test_every_section_of_the_schema_refuses_unknown_keys() -> None:
    def sections(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "properties" in schema:
            yield schema
        inner = [schema["items"]] if "items" in schema else []
        for part in [*schema.get("properties", {}).values(), *inner]:
            yield from sections(part)

    for section in sections(SCHEMA):
        assert section["additionalProperties"] is False


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        # A typo at every level.
        ("trainng", {}, "trainng: unknown key; did you mean 'training'? allowed: name, space,"),
        ("dataset.imagesize", 8, "dataset.imagesize: unknown key; did you mean 'image_size'?"),
        ("training.shards", 1, "training.shards: unknown key; did you mean 'shard_size'?"),
        ("training.recipe.epoch", 1, "training.recipe.epoch: unknown key; did you mean 'epochs'?"),
        ("samplers.1.size", 1, "samplers[1].size: unknown key"),
        ("replicates.fractions", 0.1, "replicates.fractions: unknown key"),
        ("split.fraction", 0.1, "split.fraction: unknown key; did you mean 'test_fraction'?"),
        ("surrogates.fold", 3, "surrogates.fold: unknown key; did you mean 'folds'?"),
        ("surrogates.families.knn", {}, "surrogates.families.knn: unknown key; allowed:"),
        ("surrogates.families.mean.l2", 1, "families.mean.l2: unknown key; allowed: none"),
        ("surrogates.families.linear.l22", 1, "linear.l22: unknown key; did you mean 'l2'?"),
        ("surrogates.families.lightgbm.tree", 1, "lightgbm.tree: unknown key; did you mean 'tree"),
        ("export.license", "MIT", "export.license: unknown key; did you mean 'licence'?"),
        ("execution.workers", 2, "execution.workers: unknown key"),
        # Out of range.
        ("name", "Quick Start", "name: 'Quick Start' must be lower-case letters, digits, - and _"),
        ("name", "quickstart\n", "name: "),
        ("dataset.image_size", 10, "dataset.image_size: 10 is not an integer >= 8, <= 64, a mul"),
        ("dataset.source", "mnist", "dataset.source: 'mnist' is not one of digits, parquet, cifar"),
        ("training.recipe.cells", 2, "training.recipe.cells: 2 is not an integer >= 3"),
        ("training.recipe.channels", 5, "training.recipe.channels: 5 is not an integer"),
        ("training.recipe.learning_rate", 0, "learning_rate: 0 is not a number > 0, <= 10"),
        ("training.recipe.momentum", 1.0, "momentum: 1.0 is not a number >= 0, < 1"),
        ("training.max_failed_fraction", 1.5, "max_failed_fraction: 1.5 is not a number >= 0"),
        ("samplers", [], "samplers: [] is not an array with at least 1 item"),
        ("samplers.1.generation_size", 0, "samplers[1].generation_size: 0 is not an integer"),
        ("samplers.0.name", "re-a", "[0].name: 're-a' must be lower-case letters, digits and _,"),
        ("samplers.0.seed", -1, "samplers[0].seed: -1 is not an integer >= 0"),
        ("replicates.seeds", 1, "replicates.seeds: 1 is not an integer >= 2"),
        ("split.test_fraction", 0.9, "split.test_fraction: 0.9 is not a number >= 0.05, <= 0.5"),
        ("surrogates.repeats", 1, "surrogates.repeats: 1 is not an integer >= 2"),
        ("surrogates.families", {}, "surrogates.families: {} is not an object with at least 1 key"),
        ("surrogates.families.linear.l2", 0, "families.linear.l2: 0 is not a number > 0"),
        ("surrogates.targets", [], "surrogates.targets: "),
        ("surrogates.targets", ["test_accuracy"], "surrogates.targets: "),
        ("surrogates.targets", ["val_accuracy", "flops"], "surrogates.targets[1]: 'flops' is not"),
        ("surrogates.targets", ["val_accuracy"] * 2, "unique"),
        ("export.description", "", "export.description: '' is not a string with at least 1 char"),
        ("export.licence", "", "with at least 1 character, with at most 100 characters"),
        ("export.version", 0, "export.version: 0 is not an integer >= 1"),
        ("execution.device", "gpu", "execution.device: 'gpu' must be cpu, cuda or cuda:N"),
        # Wrong type.
        ("space", 3, "space: 3 is not a string with at least 1 character; put it in quotes"),
        ("name", 12, "name: 12 must be lower-case letters, digits, - and _, at most 50, a letter "
         "or digit first; put it in quotes"),
        (f"{RE_A}.settings.population_size", "a", "'a' must be a whole number, at least 1"),
        ("dataset", [], "dataset: [] is not an object"),
        ("training.recipe.flip", "yes", "training.recipe.flip: 'yes' is not a boolean"),
        ("training.recipe.epochs", "four", "training.recipe.epochs: 'four' is not an integer"),
        ("training.recipe.epochs", 4.5, "training.recipe.epochs: 4.5 is not an integer"),
        ("training.recipe.epochs", True, "training.recipe.epochs: True is not an integer"),
        ("samplers.0", "random", "samplers[0]: 'random' is not an object"),
        ("surrogates.families.lightgbm", None, "families.lightgbm: None is not an object"),
        ("execution.data_dir", 3, "execution.data_dir: 3 is not a string or null"),
        # Missing.
        ("export", MISSING, "export: missing; it has no default"),
        ("training.recipe.epochs", MISSING, "training.recipe.epochs: missing; it has no default"),
        ("samplers.1.seed", MISSING, "samplers[1].seed: missing; it has no default"),
        # What a schema cannot say.
        ("samplers.1.name", "random", "samplers: two are named 'random'; names must be unique"),
        ("surrogates.blend", {"families": ["gin"]}, "surrogates.blend.families: 'gin' is not"),
        ("export.surrogates", {"forest": "svm"}, "export.surrogates.forest: 'svm' is not fitted"),
        ("export.surrogates", {"a": "blend"}, "a: 'blend' is not fitted by this config, must be "),
        ("export.surrogates", {"A/b": "linear"}, "export.surrogates: "),
        ("samplers.1.optimizer", "reinforce", "samplers[1] (re_a): unknown optimizer 'reinforce'"),
        (f"{RE_A}.settings.temperature", 1, "(re_a): regularized_evolution has no setting 'temper"),
        ("samplers.0.settings", {"sample_size": 1}, "samplers[0] (random): random has no setting"),
        (f"{RE_A}.settings.sample_size", 13, "sample_size 13 must be a whole number from 1 to"),
        (f"{RE_A}.settings.sample_size", 0, "number from 1 to population_size (12)"),
        (f"{RE_A}.settings.sample_size", "four", "sample_size 'four' must be a whole number"),
        (f"{RE_A}.settings.sample_size", 2.5, "samplers[1] (re_a): "),
        (f"{RE_A}.settings.population_size", 12.5, "samplers[1] (re_a): "),
        (f"{RE_A}.settings.seed", 3, "samplers[1] (re_a): "),
        ("samplers.1", {**LOCAL, "settings": {"improvement": "any"}}, "must be one of best, first"),
        ("samplers.1", {**LOCAL, "optimizer": "tpe", "settings": {"good_fraction": 2}},
         "samplers[1] (local): good_fraction 2 must be a number from 0 to 1"),
        ("samplers.1", {**LOCAL, "optimizer": "bananas", "settings": {"encoding": "names"}},
         "samplers[1] (local): encoding 'names' must be one of one_hot, graph_features, "),
        ("samplers.1", {**LOCAL, "optimizer": "bananas", "settings": {"predictor": "ridge"}},
         "samplers[1] (local): predictor 'ridge' must be an object"),
        (f"{RE_A}.settings", {1: 2, "sample_size": 4}, "samplers[1]"),
        ("dataset.source", "parquet", "execution.data_dir: must be the folder with train-*.par"),
        ("dataset.image_size", 16, "dataset.image_size: 16 does not divide the 8 pixels of"),
        ("dataset.train_images", 501, "501 asked, but the source 'digits' has 500 left after"),
        ("dataset.validation_images", 1401, "'digits' has 1400 to draw from; ask for fewer"),
        ("dataset.test_images", 398, "test_images: 398 asked, but the source 'digits' has 397"),
        ("dataset", MINIMAL["dataset"] | {"source": "cifar10", "image_size": 12}, "the 32 pix"),
        ("training.recipe.crop_padding", 8, "crop_padding: 8 must be less than dataset.image_size"),
        ("training.recipe.curve_images", 10**6, "must be at most dataset.validation_images ("),
    ],
)  # fmt: skip
def test_a_wrong_config_is_explained_in_one_line(path: str, value: object, message: str) -> None:
    config = {"replicates": {}, "split": {}, "execution": {}, **QUICKSTART}
    config = with_value(config, split_path(path), value)
    with pytest.raises(ConfigError) as caught:
        check_config(config, SCHEMA_FILE)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


NUMBERS = [
    path
    for path in leaves(checked(QUICKSTART))
    if isinstance(value_at(checked(QUICKSTART), path), float)
]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("path", NUMBERS, ids=lambda path: ".".join(map(str, path)))
def test_a_number_that_is_not_finite_is_refused(path: Path_, value: float) -> None:
    with pytest.raises(ConfigError, match=str(path[-1])):
        checked(with_value(checked(QUICKSTART), path, value))


@pytest.mark.parametrize("config", [[], "text", None, 3])
def test_what_is_no_mapping_is_refused(config: Any) -> None:
    with pytest.raises(ConfigError, match=r"the config: .* is not an object"):
        check_config(config, SCHEMA_FILE)


def test_images_in_parquet_need_their_folder_and_no_more() -> None:
    config = with_value(MINIMAL, ("dataset", "source"), "parquet")
    config["execution"] = {"data_dir": "data/cifar10"}
    assert checked(config)["dataset"]["source"] == "parquet"


def test_samplers_by_name() -> None:
    specs = Campaign.from_config(checked(QUICKSTART)).samplers
    assert list(specs) == ["random", "re_a"]
    assert specs["re_a"].settings == {"population_size": 12, "sample_size": 4}
    assert specs["re_a"].uses_feedback
    assert not specs["random"].uses_feedback


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 100)
    | st.sampled_from([10**400, -(10**400), 2**63, 1e308, 0.5, 1.0])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["random", "val_accuracy", "parquet", "regularized_evolution", "cpu"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "seed", "l2"]) | st.text(max_size=4), inner)
    ),
    max_leaves=4,
)


def assert_usable_or_refused(path: Path_, value: Any) -> None:
    config = with_value(checked(QUICKSTART), path, value)
    try:
        check_config(config, SCHEMA_FILE)
    except ConfigError:
        return
    # What passes can be used: all ids can be made, and all generations counted.
    Recipe.from_dict(config["training"]["recipe"]).recipe_id  # noqa: B018
    DatasetSpec.from_dict(config["dataset"]).dataset_id({})
    for spec in Campaign.from_config(config).samplers.values():
        assert len(range(spec.generations)) == spec.generations
        spec.generation_seed(0)


@settings(deadline=None)
@given(st.sampled_from(list(leaves(checked(QUICKSTART)))), json_values)
def test_any_value_anywhere_passes_or_is_a_config_error(path: Path_, value: Any) -> None:
    assert_usable_or_refused(path, value)


@pytest.mark.parametrize("value", [2.0, 10**400], ids=["2.0", "10^400"])
def test_an_odd_number_anywhere_passes_or_is_a_config_error(value: float) -> None:
    for path in leaves(checked(QUICKSTART)):
        assert_usable_or_refused(path, value)


def test_settings_of_every_optimizer_have_their_defaults() -> None:
    config = copy.deepcopy(QUICKSTART)
    config["samplers"] = [{**LOCAL, "name": name, "optimizer": name} for name in OPTIMIZERS]
    check_config(config, SCHEMA_FILE)
    settings = {entry["name"]: entry["settings"] for entry in config["samplers"]}
    assert settings["local_search"] == {"improvement": "best"}
    assert settings["differential_evolution"] == {
        "population_size": 20,
        "mutation_factor": 0.5,
        "crossover_rate": 0.5,
    }
    assert settings["tpe"]["max_history"] == settings["bananas"]["max_history"] == 1000


def simulated(**changes: object) -> dict[str, Any]:
    training = MINIMAL["training"] | {"evaluator": "simulate", "simulate": {"benchmark": "b"}}
    return MINIMAL | {
        "training": training | changes,
        "export": {**MINIMAL["export"], "name": "sim-x"},
    }


def test_a_simulation_needs_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    config = simulated(simulate={"benchmark": "~/bench-v1"})
    config = checked(config | {"dataset": MINIMAL["dataset"] | {"source": "parquet"}})
    assert config["training"]["simulate"] == {
        "benchmark": "/home/someone/bench-v1",
        "surrogate": None,
        "failure_rate": 0.0,
        "divergence_rate": 0.0,
    }
    assert checked(MINIMAL)["training"]["evaluator"] == "train"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (simulated() | {"export": MINIMAL["export"]}, "export.name: 'minimal' must start with"),
        (
            simulated(evaluator="replay"),
            "training.replay: missing; training.evaluator 'replay' needs that section",
        ),
        (
            simulated(evaluator="guess"),
            "training.evaluator: 'guess' is not one of train, simulate, replay",
        ),
        (simulated(simulate={}), "training.simulate.benchmark: missing"),
        (
            simulated(simulate={"benchmark": "b", "failure_rate": 2}),
            "training.simulate.failure_rate: 2 is not a number >= 0, <= 1",
        ),
        (simulated(replay={"path": "x", "pth": "x"}), "training.replay.pth: unknown key"),
    ],
)
def test_a_wrong_evaluator_is_explained(config: dict, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(config)
    assert message in str(caught.value)


def test_a_home_folder_that_nobody_has_is_refused() -> None:
    config = shipped("config.yaml")
    config["execution"] = {"cache_dir": "~nobody-of-this-name/cache"}
    with pytest.raises(
        ConfigError, match=r"^execution\.cache_dir: '~nobody.* no such user's home folder; give"
    ):
        check_config(config, SCHEMA_FILE)


@pytest.mark.parametrize(
    ("section", "key", "typo"),
    [
        ((), "name", "nmae"),
        ((), "samplers", "sampler"),
        (("training", "recipe"), "epochs", "epochz"),
    ],
)
def test_a_misspelt_key_is_named_before_the_one_it_stands_for(
    section: tuple[str, ...], key: str, typo: str
) -> None:
    config = shipped("config.yaml")
    part = value_at(config, section)
    part[typo] = part.pop(key)
    path = ".".join([*section, typo])
    with pytest.raises(ConfigError, match=rf"^{path}: unknown key; did you mean '{key}'\?"):
        check_config(config, SCHEMA_FILE)
