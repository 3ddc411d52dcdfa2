"""manifest.json: round trip, and the refusal of what this version does not understand."""

import json
import math
import re
from typing import Any

import pytest

from nasforge.benchmark.entries import MAX_PARTS
from nasforge.benchmark.manifest import FORMAT_VERSION, Manifest
from nasforge.errors import BenchmarkFormatError

MODEL = "surrogates.linear.targets.val_accuracy"
NOISE = "targets.val_accuracy.noise"
REQUIRED: dict[str, type] = {
    **dict.fromkeys(("format", "name", "description", "evaluator", "selected"), str),
    **dict.fromkeys(("licence", "citation"), str),
    **dict.fromkeys(("format_version", "version", "noise_key"), int),
    **dict.fromkeys(("space", "recipe", "dataset", "targets", "surrogates", "files"), dict),
    **dict.fromkeys(("training_set", "best_known", "software", "network"), dict),
    **dict.fromkeys(("network.cells", "network.channels", "network.classes"), int),
    **{"space.name": str, "space.version": int, "space.fingerprint": str},
    **{"targets.val_accuracy.unit": str, "targets.val_accuracy.scale": str},
    **{f"{NOISE}.log_variance": float, f"{NOISE}.slope": float},
    **{f"{NOISE}.architectures": int, f"{NOISE}.evaluations": int},
    **{"surrogates.linear.targets": dict, "encodings": dict},
    **{f"{MODEL}.parts": list, f"{MODEL}.scores": list},
    **{"files.a|npz.sha256": str, "files.a|npz.bytes": int},
}
"""Paths of keys and their types; `|` stands for a dot within a key."""

VALUES = (None, True, 1.5, "1", [[]], {"": 1})


@pytest.fixture
def data(manifest: Manifest) -> dict[str, Any]:
    """A valid manifest.json."""
    data = json.loads(json.dumps(manifest.to_json()))
    models = [m for s in data["surrogates"].values() for m in s["targets"].values()]
    for file in ("a.npz", *(part["file"] for model in models for part in model["parts"])):
        data["files"][file] = {"sha256": "0" * 64, "bytes": 1}
    return data


def parent(data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *keys, last = (key.replace("|", ".") for key in path.split("."))
    for key in keys:
        data = data[key]
    return data, last


def put(data: dict[str, Any], path: str, value: object) -> None:
    section, key = parent(data, path)
    section[key] = value


def named(path: str) -> str:
    return rf"manifest\.json: {re.escape(path.replace('|', '.'))}(?!\w)"


def test_json_round_trips(data: dict[str, Any]) -> None:
    manifest = Manifest.from_json(data)
    assert manifest.selected == "linear"
    assert manifest.full_name == "tiny-v1"
    assert manifest.surrogates["forest"].targets["train_time_s"].parts[0].kind == "forest"
    assert json.loads(json.dumps(manifest.to_json())) == data


def test_noise_and_calibration_may_be_unknown(data: dict[str, Any]) -> None:
    put(data, NOISE, None)
    put(data, f"{MODEL}.epistemic_scale", None)
    manifest = Manifest.from_json(data)
    assert manifest.targets["val_accuracy"].noise is None
    assert manifest.surrogates["linear"].targets["val_accuracy"].epistemic_scale is None


def test_the_trained_network_may_be_unknown(data: dict[str, Any]) -> None:
    assert Manifest.from_json(data).network == data["network"]
    assert Manifest.from_json({**data, "network": None}).network is None


@pytest.mark.parametrize(
    ("key", "value"), [("cells", 10**9), ("channels", 0), ("image_size", 9), ("classes", 0)]
)
def test_a_network_out_of_bounds_is_named(data: dict[str, Any], key: str, value: int) -> None:
    data["network"][key] = value
    with pytest.raises(BenchmarkFormatError, match=named(f"network.{key}")):
        Manifest.from_json(data)


def test_every_key_of_the_file_is_in_the_list_above(data: dict[str, Any]) -> None:
    assert set(data) == {path for path in REQUIRED if "." not in path} | {"curve"}


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_key_is_named(data: dict[str, Any], path: str) -> None:
    section, key = parent(data, path)
    del section[key]
    with pytest.raises(BenchmarkFormatError, match=named(path)):
        Manifest.from_json(data)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        pytest.param(path, value, id=f"{path} is {value!r}")
        for path, kind in REQUIRED.items()
        for value in VALUES
        if not isinstance(value, kind) or value is True
        if (path, value) != ("network", None)
    ],
)
def test_a_value_of_the_wrong_type_is_named(data: dict[str, Any], path: str, wrong: object) -> None:
    put(data, path, wrong)
    with pytest.raises(BenchmarkFormatError, match=named(path)):
        Manifest.from_json(data)


def test_a_curve_may_be_missing_but_not_malformed(data: dict[str, Any]) -> None:
    assert Manifest.from_json(data).curve is None
    part = parent(data, f"{MODEL}.parts")[0]["parts"][0]
    data["curve"] = {"epochs": 3, "basis": "a.npz", "parts": [part], "scores": []}
    assert Manifest.from_json(data).curve.epochs == 3
    for key, wrong in (("epochs", "3"), ("basis", "../a"), ("parts", []), ("scores", None)):
        broken = {**data, "curve": {**data["curve"], key: wrong}}
        with pytest.raises(BenchmarkFormatError, match=rf"curve\.{key}"):
            Manifest.from_json(broken)
    del data["curve"]
    with pytest.raises(BenchmarkFormatError, match="curve is missing"):
        Manifest.from_json(data)


@pytest.mark.parametrize("key", ["kind", "file", "encoding", "link", "weight"])
@pytest.mark.parametrize("wrong", [None, True, [1], {"": 1}])
def test_a_part_is_checked(data: dict[str, Any], key: str, wrong: object) -> None:
    [part] = parent(data, f"{MODEL}.parts")[0]["parts"]
    part[key] = wrong
    with pytest.raises(BenchmarkFormatError, match=named(f"{MODEL}.parts[0].{key}")):
        Manifest.from_json(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoding": "paths"}, "encoding: not listed in encodings"),
        ({"file": "b.npz"}, "file: not listed in files"),
        ({"link": "cube"}, r"parts\[0\]\.link is 'cube'; this version reads identity"),
    ],
)
def test_what_a_part_refers_to_must_be_there(
    data: dict[str, Any], change: dict[str, str], message: str
) -> None:
    [part] = parent(data, f"{MODEL}.parts")[0]["parts"]
    part.update(change)
    with pytest.raises(BenchmarkFormatError, match=message):
        Manifest.from_json(data)


def test_a_model_has_a_part(data: dict[str, Any]) -> None:
    put(data, f"{MODEL}.parts", [])
    with pytest.raises(BenchmarkFormatError, match="parts is empty"):
        Manifest.from_json(data)


@pytest.mark.parametrize("path", [f"{NOISE}.slope", f"{MODEL}.epistemic_scale"])
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400], ids=["nan", "inf", "-inf", "10^400"]
)
def test_a_number_that_is_not_finite_is_named(
    data: dict[str, Any], path: str, value: object
) -> None:
    put(data, path, value)
    with pytest.raises(BenchmarkFormatError, match=named(path)):
        Manifest.from_json(data)


def test_a_negative_calibration_is_named(data: dict[str, Any]) -> None:
    put(data, f"{MODEL}.epistemic_scale", -0.5)
    with pytest.raises(BenchmarkFormatError, match=named(f"{MODEL}.epistemic_scale")):
        Manifest.from_json(data)


def test_a_newer_format_says_how_to_upgrade(data: dict[str, Any]) -> None:
    data["format_version"] = FORMAT_VERSION + 1
    with pytest.raises(BenchmarkFormatError, match=r"format_version 2 is newer .*pip install -U"):
        Manifest.from_json(data)


def test_a_newer_format_is_recognised_before_its_other_keys(data: dict[str, Any]) -> None:
    newer = {"format": data["format"], "format_version": FORMAT_VERSION + 1}
    with pytest.raises(BenchmarkFormatError, match="is newer than this nasforge reads"):
        Manifest.from_json(newer)


@pytest.mark.parametrize("version", [0, -1])
def test_no_format_before_the_first_is_called_newer(data: dict[str, Any], version: int) -> None:
    data["format_version"] = version
    with pytest.raises(BenchmarkFormatError, match="format_version") as caught:
        Manifest.from_json(data)
    assert "newer" not in str(caught.value)


@pytest.mark.parametrize("value", [[], "text", None, 3])
def test_a_file_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(BenchmarkFormatError, match="the file must be an object"):
        Manifest.from_json(value)


@pytest.mark.parametrize(
    "name", ["", "..", ".hidden", "../up", "a/b", "a\\b", "/etc/passwd", "a\0", "a\n", "x" * 101]
)
@pytest.mark.parametrize("path", ["name", "files", "targets", "surrogates"])
def test_unsafe_names_are_refused(data: dict[str, Any], path: str, name: str) -> None:
    section, key = parent(data, path)
    section[key] = {**section[key], name: {}} if isinstance(section[key], dict) else name
    with pytest.raises(BenchmarkFormatError, match=f"{re.escape(path)}: unsafe name"):
        Manifest.from_json(data)


@pytest.mark.parametrize("path", ["files", "targets", "surrogates", "surrogates.linear.targets"])
def test_empty_sections_are_refused(data: dict[str, Any], path: str) -> None:
    put(data, path, {})
    with pytest.raises(BenchmarkFormatError, match=f"{path} is empty"):
        Manifest.from_json(data)


def test_a_selected_surrogate_that_is_not_there_is_refused(data: dict[str, Any]) -> None:
    data["selected"] = "gin"
    with pytest.raises(BenchmarkFormatError, match="selected: no surrogate 'gin'"):
        Manifest.from_json(data)


def test_a_surrogate_must_predict_every_target(data: dict[str, Any]) -> None:
    del data["surrogates"]["forest"]["targets"]["train_time_s"]
    with pytest.raises(BenchmarkFormatError, match=r"surrogates\.forest\.targets"):
        Manifest.from_json(data)


@pytest.mark.parametrize("name", ["", "..", "../up", "/etc/passwd", "x" * 101])
def test_an_unsafe_file_of_a_part_is_refused(data: dict[str, Any], name: str) -> None:
    parent(data, f"{MODEL}.parts")[0]["parts"][0]["file"] = name
    with pytest.raises(BenchmarkFormatError, match=r"parts\[0\]\.file: unsafe name"):
        Manifest.from_json(data)


def test_a_fingerprint_is_a_text(data: dict[str, Any]) -> None:
    data["encodings"]["one_hot"] = 3
    with pytest.raises(BenchmarkFormatError, match=r"encodings\.one_hot is '3'"):
        Manifest.from_json(data)


def test_val_accuracy_is_a_target_of_every_benchmark(data: dict[str, Any]) -> None:
    for section in (data, data["surrogates"]["linear"], data["surrogates"]["forest"]):
        del section["targets"]["val_accuracy"]
    with pytest.raises(BenchmarkFormatError, match="val_accuracy is missing"):
        Manifest.from_json(data)


@pytest.mark.parametrize("key", ["scale", "unit"])
def test_an_unknown_scale_or_unit_is_named(data: dict[str, Any], key: str) -> None:
    put(data, f"targets.val_accuracy.{key}", "furlongs")
    with pytest.raises(BenchmarkFormatError, match="furlongs"):
        Manifest.from_json(data)


def test_an_unknown_target_is_named(data: dict[str, Any]) -> None:
    data["targets"]["beauty"] = data["targets"]["val_accuracy"]
    with pytest.raises(BenchmarkFormatError, match="'beauty' is unknown; this version reads val_"):
        Manifest.from_json(data)


def test_a_known_unit_of_another_target_is_refused(data: dict[str, Any]) -> None:
    put(data, "targets.val_accuracy.unit", "s")
    with pytest.raises(BenchmarkFormatError, match="unit is 's', must be 'fraction'"):
        Manifest.from_json(data)


def test_a_model_of_too_many_parts_is_refused(data: dict[str, Any]) -> None:
    model, _ = parent(data, f"{MODEL}.parts")
    model["parts"] *= MAX_PARTS
    assert len(Manifest.from_json(data).surrogates["linear"].targets["val_accuracy"].parts) == 64
    model["parts"] += model["parts"][:1]
    with pytest.raises(BenchmarkFormatError, match="parts has 65, at most 64"):
        Manifest.from_json(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", -1),
        ("version", 10**4000),
        ("noise_key", -1),
        ("noise_key", 2**64),
        ("files.a|npz.bytes", -1),
    ],
)
def test_an_integer_out_of_range_is_named(data: dict[str, Any], path: str, value: int) -> None:
    put(data, path, value)
    with pytest.raises(BenchmarkFormatError, match=named(path)) as caught:
        Manifest.from_json(data)
    assert len(str(caught.value)) < 200


def test_a_curve_needs_accuracies_as_they_are(data: dict[str, Any]) -> None:
    parts = parent(data, f"{MODEL}.parts")[0]["parts"]
    data["curve"] = {"epochs": 3, "basis": "a.npz", "parts": parts, "scores": []}
    assert Manifest.from_json(data).curve.epochs == 3
    put(data, "targets.val_accuracy.scale", "log")
    with pytest.raises(BenchmarkFormatError, match=r"curve: needs targets\.val_acc"):
        Manifest.from_json(data)
