"""What the evaluation cache costs per evaluation as it grows, and how many files it is.

    $ python benchmarks/cache_growth.py --sizes 1000 5000 20000

Each evaluation is looked up (and not there), and stored; every 500 the cache is compacted, as it is
when a generation is complete. Milliseconds are of one evaluation, on average so far, because
packing comes in waves.
"""

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.space import DARTS

GENERATION = 500


def evaluation(epochs: int) -> Evaluation:
    architecture = DARTS.canonical(DARTS.sample(np.random.default_rng(0)))
    key = EvaluationKey(DARTS.architecture_id(architecture), "0" * 16, "1" * 16, 0, "simulate")
    curve = tuple(
        CurvePoint(e, 0.1, 0.2, 0.3, 0.4 + e / 1e4, 1.1 * e) for e in range(1, epochs + 1)
    )
    return Evaluation(
        evaluation_id=key.evaluation_id, architecture=DARTS.format(architecture), seed=1,
        protocol=1, architecture_id=key.architecture_id,
        recipe_id=key.recipe_id, dataset_id=key.dataset_id,
        replicate=0, evaluator="simulate", epochs=epochs, status="ok", error="", attempts=1,
        val_accuracy=0.5, best_val_accuracy=0.5, val_loss=1.0, test_accuracy=0.5, train_time_s=10.0,
        params=1000, macs=1000, backend="simulate", precision="fp32", device="", cpu="",
        software="{}", finished_at="2026-01-01T00:00:00+00:00", curve=curve,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000])
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    first = evaluation(options.epochs)
    names = ("evaluations", "wall ms", "CPU ms", "files", "most/folder", "MB")
    print(" ".join(f"{name:>11}" for name in names))
    with tempfile.TemporaryDirectory() as folder:
        cache = EvaluationCache(Path(folder), "simulate", first.recipe_id)
        start, busy = time.perf_counter(), time.process_time()
        for number in range(max(options.sizes)):
            row = replace(first, replicate=number)
            row = replace(row, evaluation_id=row.key.evaluation_id)
            with cache.claim(row.evaluation_id):
                if cache.get(row.evaluation_id) is None:
                    cache.put(row)
            if (number + 1) % GENERATION == 0:
                cache.compact()
            if (number + 1) in options.sizes:
                wall, cpu = time.perf_counter() - start, time.process_time() - busy
                files = [path for path in Path(folder).rglob("*") if path.is_file()]
                most = max(Counter(path.parent for path in files).values())
                size = sum(path.stat().st_size for path in files) / 1e6
                cells = f"{1000 * wall / (number + 1):>11.2f} {1000 * cpu / (number + 1):>11.2f}"
                print(f"{number + 1:>11} {cells} {len(files):>11} {most:>11} {size:>11.1f}")


if __name__ == "__main__":
    main()
