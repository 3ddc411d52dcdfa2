"""Recipes, data sets and their ids."""

import dataclasses
import math

import pytest

from nasforge import recipe as recipe_module
from nasforge.errors import ConfigError
from nasforge.recipe import DatasetSpec, NetworkShape, Recipe, canonical_json, digest

REQUIRED = {"cells": 3, "channels": 8, "epochs": 4, "batch_size": 64, "learning_rate": 0.1}
RECIPE = Recipe(**REQUIRED)
CHANGES = {
    "cells": 4,
    "channels": 10,
    "epochs": 5,
    "batch_size": 32,
    "learning_rate": 0.2,
    "momentum": 0.9,
    "weight_decay": 3e-4,
    "gradient_clip": 5.0,
    "crop_padding": 1,
    "flip": True,
    "final_learning_rate": 1e-3,
    "rate_per_epoch": True,
    "nesterov": True,
    "cutout": 4,
    "mixup": 0.2,
    "drop_path": 0.2,
    "auxiliary_weight": 0.4,
    "precision": "bf16",
    "curve_images": 100,
}
SPEC = DatasetSpec("cifar10", 16, 100, 50, 20)
DIGESTS = {"a.bin": "0" * 64, "b.bin": "1" * 64}


def test_recipe_ids_are_pinned() -> None:
    assert RECIPE.recipe_id == "d9a262e0f968fba9"
    assert Recipe(**{**REQUIRED, **CHANGES}).recipe_id == "211a790a03388849"


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(Recipe) if f.default is not dataclasses.MISSING]
)
def test_an_option_given_at_its_off_value_does_not_change_the_id(field: str) -> None:
    assert Recipe.from_dict({**REQUIRED, field: getattr(RECIPE, field)}).recipe_id == (
        RECIPE.recipe_id
    )


def test_an_option_added_later_does_not_change_the_id() -> None:
    @dataclasses.dataclass(frozen=True)
    class Later(Recipe):
        mixup: float = 0.0

    assert Later(**REQUIRED).recipe_id == RECIPE.recipe_id
    assert Later(**REQUIRED, mixup=0.5).recipe_id != RECIPE.recipe_id


def test_every_field_changes_the_id() -> None:
    assert set(CHANGES) == {field.name for field in dataclasses.fields(Recipe)}
    base = dataclasses.replace(RECIPE, momentum=0.5)  # without momentum none is Nesterov's
    ids = {dataclasses.replace(base, **{key: value}).recipe_id for key, value in CHANGES.items()}
    assert len(ids | {base.recipe_id}) == len(CHANGES) + 1


def test_the_training_protocol_changes_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_module, "TRAINING_PROTOCOL", 1_000)
    assert RECIPE.recipe_id != "d9a262e0f968fba9"


@pytest.mark.parametrize(
    ("field", "whole", "point"),
    [
        ("learning_rate", 1, 1.0),
        ("momentum", 0, 0.0),
        ("weight_decay", 1, 1.0),
        ("gradient_clip", 5, 5.0),
        ("epochs", 4, 4.0),
        ("crop_padding", 2, 2.0),
    ],
)
def test_whole_numbers_and_floats_are_the_same_recipe(field: str, whole: int, point: float) -> None:
    one, other = (Recipe(**{**REQUIRED, field: value}) for value in (whole, point))
    assert one == other
    assert one.recipe_id == other.recipe_id
    assert type(getattr(one, field)) is type(getattr(other, field))


def test_dict_round_trip_has_every_field() -> None:
    recipe = Recipe(**{**REQUIRED, **CHANGES})
    assert list(recipe.to_dict()) == [field.name for field in dataclasses.fields(Recipe)]
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert DatasetSpec.from_dict(SPEC.to_dict()) == SPEC


def test_an_unknown_key_names_the_allowed_ones() -> None:
    with pytest.raises(ConfigError, match=r"recipe\.mixip: unknown key; allowed: cells, channels"):
        Recipe.from_dict({**REQUIRED, "mixip": 0.1})
    with pytest.raises(ConfigError, match=r"dataset\.size: unknown key; allowed: source"):
        DatasetSpec.from_dict({**SPEC.to_dict(), "size": 1})


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"recipe\.{key}: missing"):
        Recipe.from_dict({name: value for name, value in REQUIRED.items() if name != key})


@pytest.mark.parametrize("cells", [-1, 0, 2])
def test_fewer_than_three_cells_are_refused(cells: int) -> None:
    with pytest.raises(ConfigError, match=rf"recipe\.cells: {cells} .*at least 3"):
        dataclasses.replace(RECIPE, cells=cells)


@pytest.mark.parametrize("channels", [0, 1, 7, -2])
def test_odd_or_too_few_channels_are_refused(channels: int) -> None:
    with pytest.raises(ConfigError, match=rf"recipe\.channels: {channels} .*even"):
        dataclasses.replace(RECIPE, channels=channels)


def test_unknown_source_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"dataset\.source: 'mnist' must be one of digits, parquet, cifar10"
    ):
        dataclasses.replace(SPEC, source="mnist")


@pytest.mark.parametrize("size", [0, 4, 10, 18])
def test_an_image_size_that_cannot_be_halved_twice_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match=rf"dataset\.image_size: {size} must be a multiple of 4"):
        dataclasses.replace(SPEC, image_size=size)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("momentum", 1.0),
        ("weight_decay", -0.1),
        ("gradient_clip", float("inf")),
        ("crop_padding", -1),
        ("flip", 1),
        ("epochs", "4"),
        ("epochs", True),
    ],
)
def test_a_recipe_value_out_of_range_is_refused(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"recipe\.{field}: "):
        dataclasses.replace(RECIPE, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train_images", 0),
        ("validation_images", 0),
        ("test_images", -1),
        ("split_seed", -1),
        ("train_images", 10.5),
    ],
)
def test_a_dataset_value_out_of_range_is_refused(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"dataset\.{field}: "):
        dataclasses.replace(SPEC, **{field: value})


def test_whole_floats_are_the_same_dataset() -> None:
    assert dataclasses.replace(SPEC, train_images=100.0) == dataclasses.replace(
        SPEC, train_images=100
    )


def test_a_recipe_can_be_read_from_its_record() -> None:
    assert Recipe.from_record(RECIPE.record) == RECIPE


def test_a_record_of_something_else_is_no_recipe() -> None:
    with pytest.raises(ConfigError, match="not made by nasforge's trainer"):
        Recipe.from_record({"imported": "nasbench301"})


def test_dataset_id_is_pinned() -> None:
    assert SPEC.dataset_id(DIGESTS) == "ea350f83e6a25c44"


def test_the_images_protocol_changes_the_dataset_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SPEC.dataset_id(DIGESTS)
    monkeypatch.setattr(recipe_module, "IMAGES_PROTOCOL", 1_000)
    assert SPEC.dataset_id(DIGESTS) != before


@pytest.mark.parametrize(
    "digests",
    [
        {},
        {"a.bin": "0" * 64},
        {**DIGESTS, "b.bin": "2" * 64},
        {**DIGESTS, "c.bin": "2" * 64},
        {"a.bin": "0" * 64, "c.bin": "1" * 64},
    ],
)
def test_dataset_id_changes_with_the_sources(digests: dict[str, str]) -> None:
    assert SPEC.dataset_id(digests) != SPEC.dataset_id(DIGESTS)


def test_dataset_id_does_not_depend_on_the_order_of_the_sources() -> None:
    assert SPEC.dataset_id(dict(reversed(DIGESTS.items()))) == SPEC.dataset_id(DIGESTS)


def test_dataset_id_changes_with_every_option() -> None:
    changes = {"source": "digits", "image_size": 8} | {
        f"{name}_images": 7 for name in ("train", "validation", "test")
    }
    changes["split_seed"] = 1
    assert set(changes) == {field.name for field in dataclasses.fields(DatasetSpec)}
    ids = {
        dataclasses.replace(SPEC, **{key: value}).dataset_id(DIGESTS)
        for key, value in changes.items()
    }
    assert len(ids | {SPEC.dataset_id(DIGESTS)}) == len(changes) + 1


@pytest.mark.parametrize(
    ("cells", "reductions"), [(3, {1, 2}), (5, {1, 3}), (8, {2, 5}), (20, {6, 13})]
)
def test_reduction_cells_are_at_a_third_and_two_thirds(cells: int, reductions: set[int]) -> None:
    assert NetworkShape(cells, 8, 32, 10).reductions == reductions


def test_network_shape_takes_the_size_from_the_recipe() -> None:
    assert RECIPE.network_shape(16, 10) == NetworkShape(3, 8, 16, 10)


def test_canonical_json_is_one_text_per_value() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5]}'
    assert canonical_json({"a": "ü", "b": (1, 2.5)}) == canonical_json({"b": [1, 2.5], "a": "ü"})


def test_nan_has_no_id() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(math.nan)


def test_digest_is_a_prefix_of_sha256() -> None:
    assert digest({}, 64) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest({}) == "44136fa355b3678a"
