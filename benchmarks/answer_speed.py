"""How fast a frozen benchmark loads and answers, surrogate by surrogate.

    python benchmarks/answer_speed.py                   # the one that comes with nasforge
    python benchmarks/answer_speed.py results/.../NAME  # any other

A query is from a genotype to a Prediction of everything the benchmark predicts; `one target` asks
for val_accuracy alone. Random genotypes, microseconds of processor time for each, medians of rounds
that take turns; with numba where it is installed, and with numpy alone.
"""

import argparse
import statistics
import sys
import time
from importlib.util import find_spec

import numpy as np
from turns import Run, medians, plain

import nasforge
from nasforge.benchmark.registry import find

RELEASED = "darts-cifar10-cpu-v1"
FEW, MANY = 50, 2_000
ENGINES = ("numba", "numpy") if find_spec("numba") else ("numpy",)


def load_ms(name: str, surrogate: str, rounds: int = 5) -> float:
    """Median milliseconds of `nasforge.load`."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        nasforge.load(name, surrogate=surrogate)
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times)


def times_of(bench: nasforge.Benchmark, asked: list, rounds: int) -> dict[str, list[float]]:
    """Microseconds for each genotype by engine: a query, one of one target, and of many at once."""
    few = asked[:FEW]
    single: dict[str, Run] = {
        "query": lambda: [bench.query(g) for g in few],
        "one target": lambda: [bench.query(g, targets=["val_accuracy"]) for g in few],
    }
    many: dict[str, Run] = {"at once": lambda: bench.query_many(asked)}
    times = medians(_by_engine(single), rounds, len(few))
    times |= medians(_by_engine(many), rounds, len(asked))
    return {engine: [times[f"{name}, {engine}"] for name in (*single, *many)] for engine in ENGINES}


def _by_engine(runs: dict[str, Run]) -> dict[str, Run]:
    return {
        f"{name}, {engine}": plain(run) if engine == "numpy" else run
        for name, run in runs.items()
        for engine in ENGINES
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", nargs="?", default=RELEASED, help="name, folder or zip")
    name = parser.parse_args().benchmark
    bench = nasforge.load(name)
    rng = np.random.default_rng(0)
    asked = [bench.space.sample(rng) for _ in range(MANY)]
    path = find(name)
    files = [path] if path.is_file() else list(path.iterdir())
    print(f"{bench.manifest.full_name}: {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")
    columns = ("query", "one target", f"{MANY:,} at once")
    print(f"{'':16}{'load ms':>9}{'engine':>8}" + "".join(f"{column:>16}" for column in columns))
    for surrogate in bench.manifest.surrogates:
        chosen = nasforge.load(name, surrogate=surrogate)
        for engine, times in times_of(chosen, asked, rounds=7).items():
            row = f"{surrogate:16}{load_ms(name, surrogate):9.1f}{engine:>8}"
            print(row + "".join(f"{value:16.1f}" for value in times), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
