"""A frozen benchmark of the DARTS space with every kind of predictor, encoding, link and scale.

>>> folder = write_every_kind(tmp_path)

Its arrays are random, so it predicts nothing: it is for tests of the format.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from tiny_benchmark import ARCHITECTURE, SCORES, files_of, manifest_of, part_entry

from nasforge.benchmark.arrays import narrowed, pack_arrays
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.entries import CurveEntry, NoiseModel, TargetEntry
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import Predictor, make_predictor
from nasforge.benchmark.support import SUPPORT_FILE, Support
from nasforge.benchmark.targets import Scale
from nasforge.space import DARTS
from nasforge.space.darts.graph import LAYOUT

MEMBERS = 2
TARGETS = {  # unit, scale, noise, level of the predictions
    "val_accuracy": ("fraction", "identity", NoiseModel(-8.0, -1.5, 10, 30), 0.8),
    "test_accuracy": ("fraction", "log_error", NoiseModel(-6.0, 0.0, 10, 30), -1.5),
    "best_val_accuracy": ("fraction", "identity", None, 0.82),
    "train_time_s": ("s", "log", NoiseModel(-5.0, 0.3, 10, 30), 3.0),
}
ENCODINGS = {
    "linear": "one_hot",
    "forest": "features",
    "kernel": "graph_features",
    "gin": "graph",
    "mlp": "paths",
}
LINKED = ("forest", "mlp")
"""Families that predict `val_accuracy` on the scale log_error."""

BLEND = {"linear": 0.5, "kernel": 0.2, "gin": 0.3}
EPOCHS = 4


def random_predictor(kind: str, seed: int, level: float) -> Predictor:
    """Some predictor for the kind's encoding, whose answers are about `level`."""
    return make_predictor(kind, _ARRAYS[kind](np.random.default_rng(seed), level))


def _encoded(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    return DARTS.encode([DARTS.sample(rng) for _ in range(n)], ENCODINGS[kind])


def _linear(rng: np.random.Generator, level: float) -> dict[str, np.ndarray]:
    return {"weights": rng.normal(0, 0.01, (MEMBERS, 150)), "bias": np.full(MEMBERS, level)}


def _forest(rng: np.random.Generator, level: float) -> dict[str, np.ndarray]:
    """Three full trees of depth 3: two of the first member, one of the second."""
    rows = _encoded(rng, "forest", 20)
    nodes, trees = 15, 3
    feature = rng.integers(0, rows.shape[1], nodes * trees)
    feature[::nodes] = [150, 438, 439]  # the costs, which all genotypes differ in
    within = np.arange(nodes * trees) % nodes
    leaf, first = within >= 7, np.arange(nodes * trees) - within
    here = np.arange(nodes * trees)
    return {
        "feature": feature.astype(np.int32),
        "threshold": np.median(rows, axis=0)[feature].astype(float) + 1e-9,
        "left": np.where(leaf, here, first + 2 * within + 1).astype(np.int32),
        "right": np.where(leaf, here, first + 2 * within + 2).astype(np.int32),
        "value": np.where(leaf, rng.normal(0, 0.02, len(leaf)), 0.0),
        "root": np.arange(trees, dtype=np.int32) * nodes,
        "first_tree": np.array([0, 2], np.int32),
        "base": np.full(MEMBERS, level),
    }


def _kernel(rng: np.random.Generator, level: float) -> dict[str, np.ndarray]:
    rows = _encoded(rng, "kernel", 7)
    return {
        "rows": rows,
        "dual": rng.normal(0, 0.1, len(rows)),
        "first_row": np.array([0, 4], np.int32),
        "scale": rng.uniform(0, 0.05, (MEMBERS, rows.shape[1])).round(4),
        "kernel": np.array([0, 1], np.int32),
        "bias": np.full(MEMBERS, level),
    }


def _gin(rng: np.random.Generator, level: float) -> dict[str, np.ndarray]:
    layers, hidden, readout = 2, 4, 3
    types = max(LAYOUT.node_types) + 1
    shapes = {
        "node_embeddings": (types, hidden),
        "operation_embeddings": (layers, 2, LAYOUT.operations, hidden),
        "self_weights": (layers,),
        "layer_weights": (layers, 2, hidden, hidden),
        "layer_biases": (layers, 2, hidden),
        "readout_weights": (types, hidden, readout),
        "readout_biases": (readout,),
    }
    return {
        "node_types": np.array(LAYOUT.node_types, np.int32),
        # As fitted ones, these are written in half the bits, and those of `_mlp` are not.
        **{
            name: _normal(rng, 0.4, shape).astype(np.float16).astype(np.float32)
            for name, shape in shapes.items()
        },
        "output_weights": rng.normal(0, 0.01, (MEMBERS, readout)),
        "output_biases": np.full(MEMBERS, level),
    }


def _mlp(rng: np.random.Generator, level: float) -> dict[str, np.ndarray]:
    columns, hidden = np.flatnonzero(_encoded(rng, "mlp", 2).any(axis=0)), 4
    shapes = {
        "input_weights": (len(columns), hidden),
        "input_biases": (hidden,),
        "layer_weights": (1, hidden, hidden),
        "layer_biases": (1, hidden),
    }
    return {
        "columns": columns.astype(np.int32),
        **{name: _normal(rng, 0.5, shape) for name, shape in shapes.items()},
        "output_weights": rng.normal(0, 0.02, (MEMBERS, hidden)),
        "output_biases": np.full(MEMBERS, level),
    }


def _normal(rng: np.random.Generator, spread: float, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(0, spread, (MEMBERS, *shape)).astype(np.float32)


_ARRAYS: Mapping[str, Callable[[np.random.Generator, float], dict[str, np.ndarray]]] = {
    "linear": _linear,
    "forest": _forest,
    "kernel": _kernel,
    "gin": _gin,
    "mlp": _mlp,
}


def write_every_kind(parent: Path) -> Path:
    """Write `<parent>/every-kind-v1`; the same bytes each time."""
    models = {
        (kind, target): _model(kind, target, 10 * i + j)
        for i, kind in enumerate(_ARRAYS)
        for j, target in enumerate(TARGETS)
    }
    for target in TARGETS:
        parts = [models[kind, target].parts[0] for kind in BLEND]
        models["blend", target] = Model(
            tuple(dataclasses.replace(part, weight=BLEND[part.name]) for part in parts)
        )
    curve = _curve()
    manifest = manifest_of(
        models,
        name="every-kind",
        description="Random arrays of every kind, for tests.",
        targets={name: TargetEntry(*entry[:3]) for name, entry in TARGETS.items()},
        scores=dict.fromkeys(TARGETS, SCORES),
        epistemic_scale=1.5,
        selected="blend",
        curve=CurveEntry(
            EPOCHS,
            "curve.basis.npz",
            tuple(part_entry(part, f"curve.{k}.npz") for k, part in enumerate(curve.parts)),
            (),
        ),
        noise_key=0xFEDCBA9876543210,
        best_known={"architecture": ARCHITECTURE, "val_accuracy": 0.75, "surrogate": "blend"},
        citation="every-kind-v1, made for tests",
    )
    files = files_of(models, manifest, selftests=4)
    files["curve.basis.npz"] = pack_arrays({"mean": curve.mean, "components": curve.components})
    for number, part in enumerate(curve.parts):
        files[f"curve.{number}.npz"] = pack_arrays(narrowed(part.predictor.to_arrays()))
    files[SUPPORT_FILE] = pack_arrays(vars(_support()))
    return write_frozen(parent, manifest, files)


def _model(kind: str, target: str, seed: int) -> Model:
    linked = kind in LINKED and target == "val_accuracy"
    level = -1.5 if linked else TARGETS[target][3]
    predictor = random_predictor(kind, seed, level)
    link = Scale("log_error" if linked else "identity")
    return Model((Part(kind, predictor, ENCODINGS[kind], link),))


def _support() -> Support:
    rng = np.random.default_rng(78)
    learnt = [DARTS.canonical(DARTS.sample(rng)) for _ in range(30)]
    return Support.of(np.stack([DARTS.to_vector(architecture) for architecture in learnt]))


def _curve() -> CurveModel:
    parts = [
        Part("curve", random_predictor(k, 77, 0.1), ENCODINGS[k]) for k in ("kernel", "linear")
    ]
    components = np.array([[0.5, 0.3, 0.1], [0.2, -0.1, 0.05]])
    return CurveModel(np.array([-0.4, -0.2, -0.1]), components, tuple(parts))
