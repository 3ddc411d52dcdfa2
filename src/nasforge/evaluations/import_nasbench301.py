"""Importing NAS-Bench-301's published result files, `<optimizer>/results_<i>.json`.

    >>> import_nasbench301(Path("nb_301_v13"), Path("data/nasbench301"))

Their format is described in docs/nasbench301.md. What they call validation accuracy is that of the
best epoch, and so it is here, as the published surrogates learned it; the test accuracy is the last
epoch's. How an architecture is written: `nasforge.space.darts.configspace`.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasforge.errors import ConfigError, EvaluationsError, GenotypeError
from nasforge.evaluations.imported import Imported, ImportedTables, Result
from nasforge.evaluations.schema import CurvePoint
from nasforge.recipe import NetworkShape, canonical_json
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.space.darts.configspace import PREFIX, genotype_from_config, is_architecture

MAX_BYTES = 16 * 2**20
"""A thousand times a result file; what is larger is none."""

IMAGE_SIZE, CLASSES = 32, 10
"""All of it is on CIFAR-10."""

_FILE = re.compile(r"results_(\d{1,9})\.json")
_CURVES = ("train_loss", "train_accuracy", "val_cross_entropy", "val_accuracy")


def import_nasbench301(root: Path, folder: Path) -> Imported:
    """Write the result files of a folder as tables of evaluations.

    Files of one recipe (all hyperparameters but the architecture) are imported: those of the most
    frequent one, since results of several are not mixed. What is left out is reported by name.

    Args:
        root: Holds a folder per optimizer.
        folder: Where evaluations.parquet, curves.parquet and proposals.parquet are written.

    Raises:
        EvaluationsError: There is no result file that can be read.
    """
    tables: dict[str, ImportedTables] = {}
    sources: dict[str, list[str]] = {}  # recipe -> files
    seen: dict[str, tuple[str, str]] = {}  # digest of a file -> recipe, evaluation_id
    duplicates, broken = [], []
    for file in _result_files(root):
        name, sampler = f"{file.parent.name}/{file.name}", file.parent.name
        try:
            content, identity = _read(file)
            genotype = genotype_from_config(content["optimized_hyperparamater_config"])
            recipe, dataset, key = _records(content)
            result = _result(content, genotype, recipe)
        except (EvaluationsError, GenotypeError) as error:
            broken.append(f"{name}: {error}")
            continue
        if key not in tables:
            tables[key] = ImportedTables(DARTS, recipe, dataset)
        if identity in seen:
            duplicates.append(name)
        else:
            seen[identity] = key, tables[key].add(genotype, result)
            sources.setdefault(key, []).append(name)
        tables[key].propose(sampler, DARTS.format(genotype), seen[identity][1])
    if not tables:
        reason = f"; the first: {broken[0]}" if broken else ""
        raise EvaluationsError(
            f"{root}: no <optimizer>/results_<i>.json could be read ({len(broken)} broken{reason})"
        )
    most = max(tables, key=lambda key: len(tables[key]))
    notes = {
        "copies of another file, dropped": duplicates,
        "broken files, left out": broken,
        "files of other recipes, left out": [
            name for key, names in sources.items() if key != most for name in names
        ],
    }
    return tables[most].write(folder, notes)


def _result_files(root: Path) -> list[Path]:
    """In the order of their folders and numbers."""
    if not root.is_dir():
        raise EvaluationsError(f"no folder {root}")
    numbered = [
        (file.parent.name, int(match[1]), file)
        for file in root.glob("*/*.json")
        if (match := _FILE.fullmatch(file.name))
    ]
    return [file for _, _, file in sorted(numbered)]


def _read(file: Path) -> tuple[dict[str, Any], str]:
    """A result file's content, checked as far as it is always needed, and its digest."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise EvaluationsError(f"larger than {MAX_BYTES} bytes")
        data = file.read_bytes()
        content = json.loads(data, parse_constant=lambda _: None)
    except OSError as error:
        raise EvaluationsError(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise EvaluationsError(f"not JSON ({error})") from None
    if not isinstance(content, dict):
        raise EvaluationsError("not an object")
    for key, kind in (("optimized_hyperparamater_config", dict), ("info", list)):
        if not isinstance(content.get(key), kind) or not content[key]:
            raise EvaluationsError(f"no {key}")
    if not isinstance(content["info"][0], dict):
        raise EvaluationsError("info[0] is no object")
    return content, hashlib.sha256(data).hexdigest()


def _records(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Records of the recipe and of the data set, and a key of both."""
    config, info = content["optimized_hyperparamater_config"], content["info"][0]
    options = {key: value for key, value in config.items() if not is_architecture(key)}
    recipe = {
        "imported": "nasbench301",
        "val_accuracy": "best epoch",
        "budget": content.get("budget"),
        "options": options,
        "network": {
            "cells": options.get(f"{PREFIX}layers"),
            "channels": options.get(f"{PREFIX}init_channels"),
            "image_size": IMAGE_SIZE,
            "auxiliary_head": str(options.get(f"{PREFIX}auxiliary")) == "True",
        },
    }
    dataset = {
        "imported": "nasbench301",
        "images": str(info.get("dataset_path")).rpartition("/")[2],
        "train_images": info.get("train_datapoints"),
        "validation_images": info.get("val_datapoints"),
    }
    try:
        return recipe, dataset, canonical_json([recipe, dataset])
    except ValueError as error:  # an infinite number
        raise EvaluationsError(f"hyperparameters: {error}") from None


def _result(content: Mapping[str, Any], genotype: Genotype, recipe: Mapping[str, Any]) -> Result:
    info = content["info"][0]
    if not isinstance(info.get("val_accuracy", ""), int | float | None):
        raise EvaluationsError("no number info[0].val_accuracy")
    best = _fraction(info["val_accuracy"], "info[0].val_accuracy")
    params = info.get("model_parameters")
    params = params if type(params) is int and 0 <= params < 2**63 else -1
    curve = _curve(content.get("learning_curves"))
    return Result(
        val_accuracy=best,
        best_val_accuracy=best,
        val_loss=_number(info.get("val_cross_entropy")),
        test_accuracy=_fraction(content.get("test_accuracy"), "test_accuracy"),
        train_time_s=_number(content.get("runtime")),
        epochs=len(curve) or -1,
        params=params,
        macs=_macs(genotype, recipe["network"], params),
        curve=curve,
    )


def _macs(genotype: Genotype, network: Mapping[str, Any], params: int) -> int:
    """Counted, if the count of parameters agrees with the file's."""
    try:
        shape = NetworkShape.from_dict({**network, "classes": CLASSES})
    except ConfigError:
        return -1
    return DARTS.macs(genotype, shape) if DARTS.params(genotype, shape) == params else -1


def _curve(curves: object) -> tuple[CurvePoint, ...]:
    """The learning curve, where a file has one: lists with a value per epoch."""
    if not isinstance(curves, dict):
        return ()
    columns = [curves.get(f"Train/{name}") for name in _CURVES]
    lists = [column if isinstance(column, list) else [] for column in columns]
    epochs = len(lists[-1])
    loss, train, val_loss, val = (
        column if len(column) == epochs else [None] * epochs for column in lists
    )
    return tuple(
        CurvePoint(
            epoch=epoch + 1,
            train_loss=_number(loss[epoch]),
            train_accuracy=_number(train[epoch]) / 100,
            val_loss=_number(val_loss[epoch]),
            val_accuracy=_number(val[epoch]) / 100,
            elapsed_s=math.nan,
        )
        for epoch in range(epochs)
    )


def _fraction(percent: object, name: str) -> float:
    value = _number(percent) / 100
    if not math.isnan(value) and not 0.0 <= value <= 1.0:
        raise EvaluationsError(f"{name} is {100 * value:g}, must be from 0 to 100")
    return value


def _number(value: object) -> float:
    """A finite number, or nan."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) < 1e300 else math.nan
