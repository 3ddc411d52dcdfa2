"""How long a run of an optimizer takes beyond its queries.

    python benchmarks/optimizer_speed.py                    # 10,000 evaluations each: minutes
    python benchmarks/optimizer_speed.py --quick            # 1,000 each
    python benchmarks/optimizer_speed.py --benchmark PATH   # queries of a frozen benchmark

`beyond` is the processor time of `run` without that of the backend. The peer, `plain`, draws
architectures, queries them one by one and keeps the best: no canonical form, no memory of what was
seen, no trajectory. Exits with 1 if random search or regularized evolution misses its target of 5
seconds for 10,000 evaluations.
"""

import argparse
import sys
import time

import numpy as np

import nasforge
from nasforge.optimizers import run
from nasforge.optimizers.backends import BenchmarkBackend, Outcomes
from nasforge.space import DARTS

TARGET_S = {"random": 5.0, "regularized_evolution": 5.0}
"""For 10,000 evaluations."""

RUNS = (
    ("random", {}),
    ("regularized_evolution", {}),
    ("differential_evolution", {}),
    ("local_search", {}),
    ("local_search", {"improvement": "first"}),
    ("tpe", {}),
    ("bananas", {}),
)


class Landscape:
    """Every choice adds its own amount; a query costs next to nothing."""

    name = "landscape"
    space = DARTS
    has_costs = True
    best_known = float("nan")

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._amounts = [rng.normal(0.0, 0.01, number) for _, number in DARTS.variables]

    def evaluate(self, architectures, noise_seeds) -> Outcomes:
        vectors = np.array([DARTS.to_vector(architecture) for architecture in architectures])
        values = 0.5 + sum(
            amounts[column] for amounts, column in zip(self._amounts, vectors.T, strict=True)
        )
        return Outcomes(values, values, np.full(len(values), 10.0))


class Timed:
    """A backend that counts the processor time of its queries."""

    def __init__(self, backend) -> None:
        self._backend = backend
        self.name, self.space = backend.name, backend.space
        self.has_costs, self.best_known = backend.has_costs, backend.best_known
        self.time_s = 0.0

    def evaluate(self, architectures, noise_seeds) -> Outcomes:
        start = time.process_time()
        outcomes = self._backend.evaluate(architectures, noise_seeds)
        self.time_s += time.process_time() - start
        return outcomes


def plain_s(backend, budget: int) -> float:
    """Processor time of the peer, without its queries."""
    timed = Timed(backend)
    start = time.process_time()
    rng = np.random.default_rng(0)
    best = -np.inf
    for _ in range(budget):
        outcomes = timed.evaluate([timed.space.sample(rng)], [0])
        best = max(best, outcomes.seen[0])
    return time.process_time() - start - timed.time_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--benchmark", help="folder of a frozen benchmark (default: a stand-in)")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    budget = 1_000 if options.quick else 10_000
    backend = Landscape()
    if options.benchmark:
        backend = BenchmarkBackend(nasforge.load(options.benchmark))
    peer_s = plain_s(backend, budget)
    print(f"{budget} evaluations on {backend.name}, {options.workers} workers")
    print(f"{'optimizer':<44} {'queries s':>9} {'beyond s':>9} {'us each':>8} {'x plain':>8}")
    print(f"{'plain':<44} {'':>9} {peer_s:9.2f} {peer_s / budget * 1e6:8.0f} {1:8.1f}")
    missed = []
    for name, settings in RUNS:
        timed = Timed(backend)
        start = time.process_time()
        run(name, timed, budget, workers=options.workers, settings=settings)
        beyond_s = time.process_time() - start - timed.time_s
        label = name + "".join(f" {key}={value}" for key, value in settings.items())
        print(
            f"{label:<44} {timed.time_s:9.2f} {beyond_s:9.2f} {beyond_s / budget * 1e6:8.0f} "
            f"{beyond_s / peer_s:8.1f}",
            flush=True,
        )
        if beyond_s > TARGET_S.get(name, np.inf) * budget / 10_000:
            missed.append(name)
    if missed:
        print(f"slower than 5 s for 10,000 evaluations: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
