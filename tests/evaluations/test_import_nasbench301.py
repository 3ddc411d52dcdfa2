"""NAS-Bench-301's result files: what is read, what is left out, and that it is said."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.folder import find_tables, tables_in
from nasforge.evaluations.given import collect_evaluations
from nasforge.evaluations.import_nasbench301 import import_nasbench301
from nasforge.evaluations.imported import Imported
from nasforge.evaluations.tables import read_table
from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts import Genotype

FIRST_EDGE = (0, 2, 5, 9)
SHAPE = NetworkShape(cells=8, channels=32, image_size=32, classes=10, auxiliary_head=True)
GENOTYPES = [DARTS.from_vector([k] * 8 + [0, 1, 2] + [3] * 8 + [2, 0, 9]) for k in range(7)]


def config_of(genotype: Genotype, **options: Any) -> dict[str, Any]:
    """Hyperparameters as the published files have them."""
    config: dict[str, Any] = {
        "NetworkSelectorDatasetInfo:network": "darts",
        "NetworkSelectorDatasetInfo:darts:layers": SHAPE.cells,
        "NetworkSelectorDatasetInfo:darts:init_channels": SHAPE.channels,
        "NetworkSelectorDatasetInfo:darts:auxiliary": "True",
        "OptimizerSelector:sgd:learning_rate": 0.025,
        **options,
    }
    for kind in ("normal", "reduce"):
        cell = getattr(genotype, kind)
        for i, first in enumerate(FIRST_EDGE):
            pair = sorted(cell[2 * i : 2 * i + 2], key=lambda edge: edge.input)
            if i:
                inputs = "_".join(str(edge.input) for edge in pair)
                config[f"NetworkSelectorDatasetInfo:darts:inputs_node_{kind}_{2 + i}"] = inputs
            for edge in pair:
                name = f"NetworkSelectorDatasetInfo:darts:edge_{kind}_{first + edge.input}"
                config[name] = edge.operation
    return config


def result(genotype: Genotype, val_accuracy: float | None = 94.0, **changes: Any) -> dict[str, Any]:
    """A result file's content."""
    info = {
        "train_loss": 0.5,
        "val_accuracy": val_accuracy,
        "val_cross_entropy": 0.25,
        "epochs": 90,
        "model_parameters": DARTS.params(genotype, SHAPE),
        "train_datapoints": 40000,
        "val_datapoints": 10000,
        "dataset_path": "datasets/CIFAR10.csv",
    }
    return {
        "final_metric_score": -val_accuracy if val_accuracy else None,
        "optimized_hyperparamater_config": config_of(genotype),
        "budget": 100,
        "info": [info],
        "test_accuracy": 93.5,
        "runtime": 5400,
        **changes,
    }


def write(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def imported(tmp_path: Path, files: dict[str, Any]) -> tuple[Imported, dict[str, list[dict]]]:
    """Import files; the report, and the rows of each table."""
    report = import_nasbench301(write(tmp_path / "nb301", files), tmp_path / "out")
    paths = tables_in(tmp_path / "out")
    return report, {
        kind: read_table(getattr(paths, kind), kind)[0].to_pylist()
        for kind in ("evaluations", "curves", "proposals")
    }


def test_a_result_becomes_an_evaluation(tmp_path: Path) -> None:
    report, tables = imported(tmp_path, {"re/results_0.json": result(GENOTYPES[0])})
    [row] = tables["evaluations"]
    assert row["architecture"] == DARTS.format(DARTS.canonical(GENOTYPES[0]))
    assert row["evaluator"] == "import"
    assert (row["status"], row["replicate"], row["attempts"]) == ("ok", 0, 1)
    assert row["val_accuracy"] == row["best_val_accuracy"] == pytest.approx(0.94)
    assert row["test_accuracy"] == pytest.approx(0.935)
    assert (row["val_loss"], row["train_time_s"], row["epochs"]) == (0.25, 5400.0, -1)
    assert row["params"] == DARTS.params(GENOTYPES[0], SHAPE)
    assert row["macs"] == DARTS.macs(GENOTYPES[0], SHAPE)
    assert tables["proposals"] == [
        {
            "sampler": "re",
            "optimizer": "re",
            "generation": 0,
            "position": 0,
            "raw_architecture": DARTS.format(GENOTYPES[0]),
            "evaluation_id": row["evaluation_id"],
        }
    ]
    assert tables["curves"] == []
    assert (report.evaluations, report.architectures) == (1, 1)


def test_what_is_not_recorded_is_unknown(tmp_path: Path) -> None:
    content = result(GENOTYPES[0])
    content["info"] = [{"val_accuracy": 94.0}]
    del content["runtime"], content["test_accuracy"], content["budget"]
    [row] = imported(tmp_path, {"rs/results_0.json": content})[1]["evaluations"]
    assert (row["params"], row["macs"]) == (-1, -1)
    assert all(math.isnan(row[name]) for name in ("test_accuracy", "train_time_s", "val_loss"))


def test_recorded_parameters_are_kept_even_if_ours_differ(tmp_path: Path) -> None:
    content = result(GENOTYPES[0])
    content["info"][0]["model_parameters"] = 12345
    [row] = imported(tmp_path, {"rs/results_0.json": content})[1]["evaluations"]
    assert (row["params"], row["macs"]) == (12345, -1)


def test_a_learning_curve_is_kept_as_fractions(tmp_path: Path) -> None:
    curves = {
        "Train/train_loss": [2.0, 1.0, 0.5],
        "Train/train_accuracy": [30.0, 60.0, 80.0],
        "Train/val_accuracy": [40.0, None, 94.0],
        "Train/val_cross_entropy": [1.0],  # not a value per epoch
    }
    content = result(GENOTYPES[0], learning_curves=curves)
    tables = imported(tmp_path, {"rs/results_0.json": content})[1]
    assert [row["epoch"] for row in tables["curves"]] == [1, 2, 3]
    assert [row["train_accuracy"] for row in tables["curves"]] == [0.3, 0.6, 0.8]
    assert [row["val_accuracy"] for row in tables["curves"]] == [
        pytest.approx(value, nan_ok=True) for value in (0.4, math.nan, 0.94)
    ]
    assert all(math.isnan(row["val_loss"]) for row in tables["curves"])
    assert tables["evaluations"][0]["epochs"] == 3


def test_repeated_networks_are_replicates_and_copies_are_dropped(tmp_path: Path) -> None:
    mirrored = Genotype(
        (GENOTYPES[0].normal[1], GENOTYPES[0].normal[0], *GENOTYPES[0].normal[2:]),
        GENOTYPES[0].reduce,
    )
    report, tables = imported(
        tmp_path,
        {
            "de/results_2.json": result(GENOTYPES[0], 90.0),
            "de/results_10.json": result(mirrored, 91.0),
            "rs/results_0.json": result(GENOTYPES[0], 92.0),
            "rs/results_1.json": result(GENOTYPES[0], 90.0),  # a copy of de's
            "rs/results_2.json": result(GENOTYPES[0], 92.0),  # a copy of rs's own
            "rs/results_3.json": result(GENOTYPES[1], 80.0),
        },
    )
    rows = [(row["replicate"], round(100 * row["val_accuracy"])) for row in tables["evaluations"]]
    assert rows == [(0, 90), (1, 91), (2, 92), (0, 80)]
    assert (report.evaluations, report.architectures) == (4, 2)
    assert report.notes["copies of another file, dropped"] == [
        "rs/results_1.json",
        "rs/results_2.json",
    ]
    # rs proposed the network of de's first file too.
    first = tables["evaluations"][0]["evaluation_id"]
    assert [row["sampler"] for row in tables["proposals"] if row["evaluation_id"] == first] == [
        "de",
        "rs",
    ]
    assert len(tables["proposals"]) == 5


def test_a_nan_is_a_diverged_training(tmp_path: Path) -> None:
    text = json.dumps(result(GENOTYPES[0])).replace('"val_accuracy": 94.0', '"val_accuracy": NaN')
    report, tables = imported(tmp_path, {"rs/results_0.json": text})
    assert tables["evaluations"][0]["status"] == "diverged"
    assert report.diverged == 1
    assert "1 evaluations (1 diverged)" in report.to_text()


BROKEN = {
    "": "not JSON",
    '{"info": [': "not JSON",
    "[" * 100_000: "not JSON",
    "[]": "not an object",
    "{}": "no optimized_hyperparamater_config",
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_broken_file_is_left_out_by_name(tmp_path: Path, content: str, reason: str) -> None:
    files = {"rs/results_0.json": content, "rs/results_1.json": result(GENOTYPES[0])}
    report, tables = imported(tmp_path, files)
    assert len(tables["evaluations"]) == 1
    [broken] = report.notes["broken files, left out"]
    assert broken.startswith(f"rs/results_0.json: {reason}")
    assert "broken files, left out: 1 (rs/results_0.json: " in report.to_text()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"info": []}, "no info"),
        ({"info": [3]}, "info[0] is no object"),
        ({"info": [{}]}, "no number info[0].val_accuracy"),
        ({"info": [{"val_accuracy": "94"}]}, "no number info[0].val_accuracy"),
        ({"info": [{"val_accuracy": 9400.0}]}, "info[0].val_accuracy is 9400, must be from 0"),
        ({"test_accuracy": -1.0}, "test_accuracy is -1"),
        ({"optimized_hyperparamater_config": {"x": 1}}, "edge_normal_0 is missing"),
    ],
    ids=str,
)
def test_a_wrong_value_is_a_broken_file(tmp_path: Path, change: dict, reason: str) -> None:
    files = {
        "rs/results_0.json": result(GENOTYPES[0], **change),
        "rs/results_1.json": result(GENOTYPES[1]),
    }
    report, _ = imported(tmp_path, files)
    [broken] = report.notes["broken files, left out"]
    assert reason in broken


def test_an_infinite_hyperparameter_is_a_broken_file(tmp_path: Path) -> None:
    text = json.dumps(result(GENOTYPES[0])).replace('"budget": 100', '"budget": 1e999')
    files = {"rs/results_0.json": text, "rs/results_1.json": result(GENOTYPES[1])}
    report, _ = imported(tmp_path, files)
    assert "hyperparameters" in report.notes["broken files, left out"][0]


def test_other_recipes_are_left_out(tmp_path: Path) -> None:
    report, tables = imported(
        tmp_path,
        {
            "fidelity/results_0.json": result(GENOTYPES[2], budget=50),
            "rs/results_0.json": result(GENOTYPES[0]),
            "rs/results_1.json": result(GENOTYPES[1]),
        },
    )
    assert len(tables["evaluations"]) == 2
    assert report.notes["files of other recipes, left out"] == ["fidelity/results_0.json"]


def test_nothing_readable_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path / "nb301", {"rs/results_0.json": "{", "rs/other.json": "{}"})
    with pytest.raises(EvaluationsError, match=r"\(1 broken; the first: rs/results_0\.json: not"):
        import_nasbench301(root, tmp_path / "out")
    with pytest.raises(EvaluationsError, match="no folder"):
        import_nasbench301(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_imported_can_be_collected(tmp_path: Path) -> None:
    files = {f"rs/results_{i}.json": result(g, 90.0 + i) for i, g in enumerate(GENOTYPES)}
    imported(tmp_path, files)
    collected = tables_in(tmp_path / "collect")
    collect_evaluations(DARTS, find_tables(tmp_path / "out"), collected)
    table, provenance = read_table(collected.evaluations, "evaluations")
    [record] = provenance.recipes.values()
    assert record["imported"] == "nasbench301"
    assert record["options"]["OptimizerSelector:sgd:learning_rate"] == 0.025
    assert not [key for key in record["options"] if "edge_" in key or "inputs_node_" in key]
    assert provenance.datasets[table["dataset_id"][0].as_py()]["images"] == "CIFAR10.csv"
