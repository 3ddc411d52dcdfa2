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
from functools import partial
from importlib.util import find_spec

import numpy as np
from turns import Run, medians, plain

import nasforge
from nasforge.benchmark.registry import find

RELEASED = "darts-cifar10-cpu-v1"
FEW, MANY = 50, 2_000


def load_ms(name: str, surrogate: str, rounds: int = 5) -> float:
    """Median milliseconds of `nasforge.load`."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        nasforge.load(name, surrogate=surrogate)
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times)


def answers(bench: nasforge.Benchmark, asked: list) -> dict[str, tuple[Run, int]]:
    """What is timed, and how many genotypes each asks."""
    few = asked[:FEW]
    return {
        "query": (lambda: [bench.query(g) for g in few], len(few)),
        "one target": (lambda: [bench.query(g, targets=["val_accuracy"]) for g in few], len(few)),
        f"{len(asked):,} at once": (partial(bench.query_many, asked), len(asked)),
    }


def times_of(bench: nasforge.Benchmark, asked: list, rounds: int) -> dict[str, list[float]]:
    """Microseconds for each genotype, by engine."""
    engines = {"numba": lambda run: run} if find_spec("numba") else {}
    engines["numpy"] = plain
    return {
        engine: [
            medians({name: wrapped(run)}, rounds, each)[name]
            for name, (run, each) in answers(bench, asked).items()
        ]
        for engine, wrapped in engines.items()
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
    print(
        f"{'':16}{'load ms':>9}{'engine':>8}" + "".join(f"{c:>16}" for c in answers(bench, asked))
    )
    for surrogate in bench.manifest.surrogates:
        chosen = nasforge.load(name, surrogate=surrogate)
        for engine, times in times_of(chosen, asked, rounds=7).items():
            row = f"{surrogate:16}{load_ms(name, surrogate):9.1f}{engine:>8}"
            print(row + "".join(f"{value:16.1f}" for value in times), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
