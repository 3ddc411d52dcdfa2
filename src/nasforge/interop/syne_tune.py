"""A benchmark as a folder that Syne Tune's blackbox repository loads.

    >>> export_syne_tune(bench, Path("blackbox"), architectures=2000, noise_seeds=5)

Syne Tune reads tables, and no table holds a search space, so the folder holds a sample of it and
Syne Tune's `add_surrogate` interpolates. Layout: Syne Tune 0.16, `blackbox_tabular.py`; syne_tune
itself is not imported. docs/migrating.md loads such a folder.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.benchmark import Benchmark
from nasforge.errors import NasforgeError
from nasforge.space import SearchSpace

FIDELITY = "hp_epoch"
"""The one fidelity: every epoch if the benchmark has learning curves, else the last one."""

OBJECTIVES = {
    "val_accuracy": "metric_valid_error",
    "test_accuracy": "metric_test_error",
    "train_time_s": "metric_elapsed_time",
    "params": "metric_params",
    "macs": "metric_macs",
}
"""Fields of a prediction and their names there; all are to be minimized, accuracies as errors."""

MAX_VALUES = 10**8
"""Of the table, 400 MB."""


def export_syne_tune(
    bench: Benchmark, folder: Path, architectures: int, noise_seeds: int = 0, seed: int = 0
) -> dict[str, Any]:
    """Write a table of the benchmark's answers.

    With learning curves there is a row of objectives for every epoch: the error of the curve, the
    part of the training time, params and macs. The test error, which is predicted of the last
    epoch alone, is nan before it; and noise, which is modelled of the last epoch alone, is drawn
    of it alone.

    Args:
        bench: What answers.
        folder: Where the files are written; made if it is not there.
        architectures: How many, drawn uniformly and all different; the first is the best known.
        noise_seeds: 0 for the mean over trainings, as Syne Tune's seed 0. n for n draws of a
            training's outcome, as its seeds 0 to n - 1; what has no noise model stays the mean.
        seed: Of the sample of architectures.

    Returns:
        What is in metadata.json.

    Raises:
        NasforgeError: A number is out of range, or draws are asked of a benchmark without a noise
            model.
    """
    if not 1 <= architectures <= bench.space.size:
        raise NasforgeError(
            f"architectures: {architectures} must be from 1 to {bench.space.size}, the space's size"
        )
    epochs = _epochs(bench)
    if noise_seeds < 0 or seed < 0:
        raise NasforgeError("the seeds must be at least 0")
    if architectures * max(noise_seeds, 1) * len(epochs) * len(OBJECTIVES) > MAX_VALUES:
        raise NasforgeError(
            f"{architectures} architectures, {noise_seeds} noise seeds, {len(epochs)} epochs and "
            f"{len(OBJECTIVES)} objectives: the table must be of at most {MAX_VALUES:.0e} values"
        )
    vectors = _sample(bench, architectures, seed)
    objectives, values = _objectives(bench, vectors, noise_seeds, epochs)
    metadata = {
        "objectives_names": objectives,
        "task_names": [bench.manifest.full_name],
        "default_metric": OBJECTIVES["val_accuracy"],
        "resource_attr": FIDELITY,
        **{name: name for name in objectives if name == OBJECTIVES["train_time_s"]},
        "nasforge_benchmark": bench.name,
        "noise_seeds": noise_seeds,
        "sample_seed": seed,
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_table(folder, bench.space, vectors, values)
    _write_fidelity(folder, epochs)
    _write_json(folder / "metadata.json", metadata)  # last: Syne Tune takes it for completeness
    return metadata


def architecture_of(space: SearchSpace, config: Mapping[str, Any]) -> Any:
    """The architecture of a Syne Tune configuration, which may have further keys.

    Raises:
        GenotypeError: It is no architecture of the space.
        NasforgeError: A variable is missing.
    """
    missing = [name for name, _ in space.variables if name not in config]
    if missing:
        raise NasforgeError(f"the configuration lacks {', '.join(missing)}")
    return space.from_vector([config[name] for name, _ in space.variables])


def _sample(bench: Benchmark, number: int, seed: int) -> np.ndarray:
    """Different choices, uint8 [number, variables]."""
    space, rng = bench.space, np.random.default_rng(seed)
    best = space.parse(bench.manifest.best_known["architecture"])
    chosen = {tuple(space.to_vector(best).tolist()): None}  # in the order of insertion
    while len(chosen) < number:
        chosen[tuple(space.to_vector(space.sample(rng)).tolist())] = None
    return np.array(list(chosen), dtype=np.uint8)


def _objectives(
    bench: Benchmark, vectors: np.ndarray, noise_seeds: int, epochs: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Names, and float32 [architectures, seeds, epochs, objectives]."""
    architectures = [bench.space.from_vector(vector) for vector in vectors]
    mean = bench.query_many(architectures)
    fields = [field for field in OBJECTIVES if field in mean]
    shape = (len(vectors), max(noise_seeds, 1), len(epochs), len(fields))
    values = np.empty(shape, dtype=np.float32)
    values[...] = np.stack([mean[field] for field in fields], axis=1)[:, None, None]
    targets = bench.manifest.targets
    drawn = [f for f in fields if f == "val_accuracy" or (f in targets and targets[f].noise)]
    for noise_seed in range(noise_seeds):
        draws = bench.query_many(architectures, targets=drawn, noise_seed=noise_seed)
        for field in drawn:
            values[:, noise_seed, :, fields.index(field)] = draws[field][:, None]
    if len(epochs) > 1:
        curves = bench.curve_many(architectures)[:, None, :-1]
        values[:, :, :-1, fields.index("val_accuracy")] = curves
        if "test_accuracy" in fields:
            values[:, :, :-1, fields.index("test_accuracy")] = np.nan
        if "train_time_s" in fields:
            values[..., fields.index("train_time_s")] *= epochs / epochs[-1]
    for i, field in enumerate(fields):
        if field.endswith("_accuracy"):
            values[..., i] = 1.0 - values[..., i]
    return [OBJECTIVES[field] for field in fields], values


def _write_table(folder: Path, space: SearchSpace, vectors: np.ndarray, values: np.ndarray) -> None:
    """Configurations, their space, and what was answered."""
    import pyarrow
    from pyarrow import parquet

    columns = {name: vectors[:, i].astype(np.int64) for i, (name, _) in enumerate(space.variables)}
    parquet.write_table(
        pyarrow.table(columns), folder / "hyperparameters.parquet", compression="gzip"
    )
    np.save(folder / "objectives_evaluations.npy", values[None], allow_pickle=False)
    domains = {
        name: _domain("Categorical", categories=list(range(number)))
        for name, number in space.variables
    }
    _write_json(folder / "configspace.json", domains)


def _write_fidelity(folder: Path, epochs: np.ndarray) -> None:
    np.save(folder / "fidelities_values.npy", epochs, allow_pickle=False)
    domain = _domain("Integer", lower=1, upper=int(epochs[-1]))
    _write_json(folder / "fidelityspace.json", {FIDELITY: domain})


def _epochs(bench: Benchmark) -> np.ndarray:
    """Those in the table: all of the learning curve; else the recipe's last, 1 if unknown."""
    if bench.manifest.curve is not None:
        return np.arange(1, bench.manifest.curve.epochs + 1)
    epochs = bench.manifest.recipe.get("epochs")
    return np.array([epochs if type(epochs) is int and epochs > 0 else 1])


def _domain(kind: str, **settings: Any) -> dict[str, Any]:
    """One entry of a configuration space, as Syne Tune writes it."""
    return {
        "domain_cls": kind,
        "domain_kwargs": settings,
        "sampler_cls": "Uniform",
        "sampler_kwargs": {},
    }


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
