"""Ids that never change, and JSON that is checked when read."""

import dataclasses
import json
import math

import pytest

from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.schema import (
    CurvePoint,
    Evaluation,
    EvaluationKey,
    check_export_name,
)

GOLDEN_KEY = EvaluationKey("9903268c82818be4", "d9a262e0f968fba9", "0123456789abcdef", 2)
TYPES = {
    field.name: field.type for field in dataclasses.fields(Evaluation) if field.name != "curve"
}
WRONG = {str: [None, 1, ["x"]], int: [None, "1", 1.0, True], float: ["1", True, [1.0]]}
IDENTITY = ("architecture_id", "recipe_id", "dataset_id", "replicate", "evaluator")


def read_back(evaluation: Evaluation) -> Evaluation:
    return Evaluation.from_json(json.loads(json.dumps(evaluation.to_json(), allow_nan=False)))


def same(one: Evaluation, other: Evaluation) -> bool:
    """Equality that takes nan for nan."""
    return repr(one) == repr(other)


def test_ids_are_pinned() -> None:
    assert GOLDEN_KEY.evaluation_id == "c07af90c685c05fd"
    assert GOLDEN_KEY.seed == 1034622528871620755


@pytest.mark.parametrize(
    ("field", "value", "changes_seed"),
    [
        ("architecture_id", "f" * 16, True),
        ("recipe_id", "f" * 16, True),
        ("replicate", 3, True),
        ("dataset_id", "f" * 16, False),
        ("evaluator", "simulate", False),
    ],
)
def test_every_field_changes_the_id_and_the_identity_of_a_training_the_seed(
    field: str, value: object, changes_seed: bool
) -> None:
    other = dataclasses.replace(GOLDEN_KEY, **{field: value})
    assert other.evaluation_id != GOLDEN_KEY.evaluation_id
    assert (other.seed != GOLDEN_KEY.seed) == changes_seed


def test_seeds_are_below_2_to_the_60() -> None:
    seeds = [dataclasses.replace(GOLDEN_KEY, replicate=i).seed for i in range(200)]
    assert len(set(seeds)) == 200
    assert max(seeds) < 2**60
    assert max(seeds) > 2**58


def test_key_of_an_evaluation_is_the_one_it_was_made_with(
    evaluation: Evaluation, key: EvaluationKey
) -> None:
    assert evaluation.key == key


def test_json_round_trip_keeps_everything(evaluation: Evaluation) -> None:
    assert same(read_back(evaluation), evaluation)
    assert math.isnan(read_back(evaluation).test_accuracy)


def test_json_of_a_failed_training_round_trips(evaluation: Evaluation) -> None:
    failed = dataclasses.replace(
        evaluation,
        status="failed",
        error="RuntimeError: out of memory\nü",
        epochs=0,
        val_accuracy=math.nan,
        best_val_accuracy=math.nan,
        val_loss=math.nan,
        train_time_s=math.nan,
        curve=(),
    )
    assert same(read_back(failed), failed)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinite_values_become_nan(evaluation: Evaluation, value: float) -> None:
    point = CurvePoint(1, value, 0.5, value, 0.5, 1.0)
    read = read_back(dataclasses.replace(evaluation, val_loss=value, curve=(point,)))
    assert math.isnan(read.val_loss)
    assert math.isnan(read.curve[0].train_loss)
    assert read.curve[0].elapsed_s == 1.0


def test_whole_numbers_are_read_as_floats(evaluation: Evaluation) -> None:
    read = Evaluation.from_json(evaluation.to_json() | {"val_loss": 2})
    assert isinstance(read.val_loss, float)


@pytest.mark.parametrize("data", [None, [], "text", 1, {}, {"schema_version": 1}])
def test_something_else_is_refused(data: object) -> None:
    with pytest.raises(EvaluationsError):
        Evaluation.from_json(data)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_schema_version_is_refused(evaluation: Evaluation, version: object) -> None:
    with pytest.raises(EvaluationsError, match="not an evaluation of schema version 1"):
        Evaluation.from_json(evaluation.to_json() | {"schema_version": version})


@pytest.mark.parametrize("field", [*TYPES, "curve", "schema_version"])
def test_a_missing_field_is_refused(evaluation: Evaluation, field: str) -> None:
    data = evaluation.to_json()
    del data[field]
    with pytest.raises(EvaluationsError):
        Evaluation.from_json(data)


def test_an_unknown_field_is_refused(evaluation: Evaluation) -> None:
    with pytest.raises(EvaluationsError, match="must have exactly"):
        Evaluation.from_json(evaluation.to_json() | {"accuracy": 1.0})


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, kind in TYPES.items() for value in WRONG[kind]],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(
    evaluation: Evaluation, field: str, value: object
) -> None:
    with pytest.raises(EvaluationsError, match=rf"Evaluation\.{field}: "):
        Evaluation.from_json(evaluation.to_json() | {field: value})


@pytest.mark.parametrize("field", IDENTITY)
def test_an_id_that_is_not_of_its_fields_is_refused(evaluation: Evaluation, field: str) -> None:
    data = evaluation.to_json()
    data[field] = data[field] + 1 if field == "replicate" else "0" * 16
    with pytest.raises(EvaluationsError):
        Evaluation.from_json(data)


def test_an_unknown_status_is_refused(evaluation: Evaluation) -> None:
    with pytest.raises(EvaluationsError, match="status"):
        Evaluation.from_json(evaluation.to_json() | {"status": "great"})


def test_a_number_too_large_for_a_float_is_refused(evaluation: Evaluation) -> None:
    with pytest.raises(EvaluationsError, match="val_loss"):
        Evaluation.from_json(evaluation.to_json() | {"val_loss": 10**400})


@pytest.mark.parametrize("curve", [None, {}, "text", [None], [[]], [{}], [[1, 2, 3, 4, 5, 6]]])
def test_a_malformed_curve_is_refused(evaluation: Evaluation, curve: object) -> None:
    with pytest.raises(EvaluationsError):
        Evaluation.from_json(evaluation.to_json() | {"curve": curve})


@pytest.mark.parametrize(
    "change", [{"epoch": "1"}, {"epoch": 1.0}, {"val_loss": "1"}, {"extra": 1}, {"val_loss": False}]
)
def test_a_malformed_point_is_refused(evaluation: Evaluation, change: dict[str, object]) -> None:
    data = evaluation.to_json()
    data["curve"][1] |= change
    with pytest.raises(EvaluationsError, match="CurvePoint"):
        Evaluation.from_json(data)


def test_what_was_simulated_is_named_so() -> None:
    with pytest.raises(ConfigError, match=r"export\.name: 'darts' must start with 'sim-'"):
        check_export_name("darts", "simulate")
    check_export_name("sim-darts", "simulate")
    for evaluator in ("train", "replay", "import"):
        check_export_name("darts", evaluator)
