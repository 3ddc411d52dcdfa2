"""A frozen benchmark as a backend: its predictions, with draws of a training's noise.

>>> BenchmarkBackend(nasforge.load("darts-cifar10-cpu-v1")).evaluate(architectures, [0] * 10)
"""

from collections.abc import Sequence

import numpy as np

from nasforge.benchmark.benchmark import Benchmark
from nasforge.benchmark.noise import standard_normals
from nasforge.errors import OptimizerError
from nasforge.optimizers.backends.protocol import Outcomes
from nasforge.space.protocol import Architecture

TARGET = "val_accuracy"
COST = "train_time_s"


class BenchmarkBackend:
    """Shows what `bench.query(architecture, noise_seed=seed)` says.

    The noise-free value and the time are those of `bench.query(architecture)`.

    Args:
        benchmark: What answers.
        noisy: False to show optimizers the noise-free value.

    Raises:
        OptimizerError: The benchmark knows no noise.
    """

    def __init__(self, benchmark: Benchmark, noisy: bool = True) -> None:
        manifest = benchmark.manifest
        if noisy and manifest.targets[TARGET].noise is None:
            raise OptimizerError(
                f"{benchmark.name} has no noise model, so no training can be drawn; run it "
                "without noise (BenchmarkBackend(benchmark, noisy=False), --no-noise)"
            )
        self.name = benchmark.name
        self.space = benchmark.space
        self.has_costs = COST in manifest.targets
        best = self.space.parse(manifest.best_known["architecture"])
        self.best_known = float(benchmark.query_many([best], [TARGET])[TARGET][0])
        self._benchmark = benchmark
        self._noisy = noisy
        self._target = manifest.target(TARGET)

    def evaluate(
        self, architectures: Sequence[Architecture], noise_seeds: Sequence[int]
    ) -> Outcomes:
        """Query all at once."""
        targets = [TARGET, *(["noise_std"] if self._noisy else []), *([COST] * self.has_costs)]
        answer = self._benchmark.query_many(architectures, targets)
        values = answer[TARGET]
        costs_s = answer.get(COST, np.full(len(values), np.nan))
        if not self._noisy:
            return Outcomes(values, values, costs_s)
        key = self._benchmark.manifest.noise_key
        ids = [self.space.architecture_id(architecture) for architecture in architectures]
        draws = standard_normals(key, ids, TARGET, noise_seeds)
        noise = answer["noise_std"] * draws
        seen = self._target.natural(self._target.scale.forward(values) + noise)
        return Outcomes(seen, values, costs_s)
