"""A benchmark with big forests, of the recipe and images of data/darts-cifar10-cpu.

>>> folder = write_explorable(tmp_path)
>>> random_forest(np.random.default_rng(0), members=10, trees=50, level=0.7)

Its arrays are random; its evaluations are real. So the explorer can plot them beside it.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from every_kind import TARGETS, write_every_kind

from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.frozen import read_file, read_manifest, write_frozen
from nasforge.space import DARTS

EVALUATIONS = Path(__file__).parents[1] / "data/darts-cifar10-cpu"


def write_explorable(parent: Path, **changes: object) -> Path:
    """Write `<parent>/explorable-v3`; `changes` are fields of its manifest."""
    folder = write_every_kind(parent)
    manifest = read_manifest(folder)
    files = {name: read_file(folder, manifest, name) for name in manifest.files}
    rng = np.random.default_rng(5)
    for target, (*_, level) in TARGETS.items():
        level = -1.5 if target == "val_accuracy" else level  # on the scale log_error
        files[f"forest.{target}.npz"] = pack_arrays(random_forest(rng, 10, 50, level))
    vectors = np.stack([DARTS.to_vector(DARTS.canonical(DARTS.sample(rng))) for _ in range(50)])
    nearest = np.sort(rng.integers(8, 18, len(vectors))).astype(np.uint16)
    files["support.npz"] = pack_arrays({"vectors": vectors, "nearest": nearest})
    table = pq.ParquetFile(next((EVALUATIONS / "evaluations").glob("*.parquet")))
    ids = json.loads(table.schema_arrow.metadata[b"nasforge"])
    [recipe_id], [dataset_id] = ids["recipes"], ids["datasets"]
    manifest = dataclasses.replace(
        manifest,
        **{
            "name": "explorable",
            "version": 3,
            "recipe": {**manifest.recipe, "recipe_id": recipe_id},
            "dataset": {**manifest.dataset, "dataset_id": dataset_id},
            **changes,
        },
    )
    return write_frozen(parent, manifest, files)


def random_forest(
    rng: np.random.Generator, members: int, trees: int, level: float
) -> dict[str, np.ndarray]:
    """Trees of all shapes on the encoding `features`, single leaves among them."""
    genotypes = [DARTS.sample(rng) for _ in range(50)]
    values = DARTS.encode(genotypes, "features")
    nodes: list[tuple[int, float, int, int, float]] = []

    def grow(depth: int) -> int:
        here = len(nodes)
        nodes.append((0, 0.0, here, here, float(rng.normal(0.0, 0.002))))
        if depth < 6 and rng.random() < 0.8:
            column = int(rng.integers(values.shape[1] - 290, values.shape[1]))
            pair = np.unique(values[:, column])[:2]
            threshold = float(np.mean(pair.astype(float)))
            left = grow(depth + 1)
            nodes[here] = (column, threshold, left, grow(depth + 1), 0.0)
        return here

    roots = [grow(0) for _ in range(members * trees)]
    feature, threshold, left, right, value = map(np.array, zip(*nodes, strict=True))
    return {
        "feature": feature.astype(np.int32),
        "threshold": threshold,
        "left": left.astype(np.int32),
        "right": right.astype(np.int32),
        "value": value,
        "root": np.array(roots, np.int32),
        "first_tree": np.arange(members, dtype=np.int32) * trees,
        "base": np.full(members, level),
    }
