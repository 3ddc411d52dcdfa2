"""What an evaluation costs beyond its training, by stage, over the size of a campaign.

    $ python benchmarks/pipeline_overhead.py results/quickstart/export/darts-digits-v1

Runs the Python of every stage from sampling to collecting in one process, with the simulated
trainer, for half random and half regularized evolution, whose generations grow with the campaign:
what Snakemake adds is apart (full_size.py). A column is flat if its last line is its first.
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nasforge
from nasforge.benchmark import Benchmark
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.collect import Shard, collect_campaign, collect_generation
from nasforge.evaluations.folder import TablePaths
from nasforge.evaluations.proposals import read_proposals, write_proposals
from nasforge.evaluations.results import replicate_zero_results
from nasforge.evaluations.tables import write_curves, write_evaluations
from nasforge.evaluators.shard import evaluate_shard
from nasforge.evaluators.simulate import Simulator, simulation_record
from nasforge.evaluators.source import source_provenance
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.sampling import PastGeneration, SamplerSpec, propose
from nasforge.space import DARTS

DATASET = DatasetSpec("digits", 8, 100, 50, 50)


class Stopwatch:
    """Seconds by stage, of the wall clock and of the processor."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start, busy = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] += time.perf_counter() - start
        self.cpu[name] += time.process_time() - busy


class Campaign:
    """A simulated campaign in a folder of its own."""

    def __init__(self, folder: Path, bench: Benchmark, epochs: int, shard_size: int) -> None:
        self.folder = folder
        self.recipe = Recipe(3, 8, epochs, 32, 0.1)
        self.record = simulation_record(bench, DATASET, 0.0, 0.0)
        self.simulator = Simulator.of(bench, self.recipe, self.record)
        self.cache = EvaluationCache(folder / "cache", "simulate", self.recipe.recipe_id)
        self.shard_size = shard_size
        self.parts: list[TablePaths] = []
        self.watch = Stopwatch()

    def paths(self, *name: str) -> TablePaths:
        folder = self.folder.joinpath(*name)
        return TablePaths(
            *(folder / f"{k}.parquet" for k in ("evaluations", "curves", "proposals"))
        )

    def run(self, samplers: list[SamplerSpec]) -> Stopwatch:
        for sampler in samplers:
            shards: list[list[Shard]] = []
            for generation in range(sampler.generations):
                shards.append(self.generation(sampler, generation, shards))
        with self.watch.stage("collect"):
            collect_campaign(self.parts, self.paths("collected"), 0.1)
        with self.watch.stage("again"):  # every job once more, all of it from the cache
            for file in sorted(self.folder.glob("*.csv")):
                self.evaluate(read_proposals(file))
        return self.watch

    def evaluate(self, proposals: list) -> list:
        rows = []
        for first in range(0, len(proposals), self.shard_size):
            shard = proposals[first : first + self.shard_size]
            rows.append(evaluate_shard(shard, self.recipe, self.simulator, self.cache))
        return rows

    def generation(
        self, sampler: SamplerSpec, generation: int, earlier: list[list[Shard]]
    ) -> list[Shard]:
        file = self.folder / f"{sampler.name}-{generation:04}.csv"
        with self.watch.stage("sample"):
            past = []
            if sampler.uses_feedback:
                results = replicate_zero_results(s.evaluations for g in earlier for s in g)
                past = [
                    PastGeneration(
                        read_proposals(self.folder / f"{sampler.name}-{g:04}.csv"), results
                    )
                    for g in range(generation)
                ]
            write_proposals(file, propose(DARTS, sampler, generation, past))
        with self.watch.stage("evaluate"):
            evaluated = self.evaluate(read_proposals(file))
        source = source_provenance(self.recipe, self.record)
        shards = []
        with self.watch.stage("tables"):
            for number, rows in enumerate(evaluated):
                paths = self.paths("shards", sampler.name, f"{generation}-{number}")
                write_evaluations(paths.evaluations, rows, source)
                write_curves(paths.curves, rows, source)
                shards.append(Shard(paths.evaluations, paths.curves))
        part = self.paths("parts", f"{sampler.name}-{generation}")
        with self.watch.stage("parts"):
            collect_generation(
                DARTS, shards, file, part, self.recipe.recipe_id,
                self.simulator.dataset_id, "simulate",
            )  # fmt: skip
        with self.watch.stage("pack"):
            self.cache.compact()
        self.parts.append(part)
        return shards


def measure(
    bench: Benchmark, size: int, epochs: int, shard_size: int, generations: int
) -> tuple[Stopwatch, int, int]:
    """Times by stage, files in the cache, and most files in one of its folders."""
    generation_size = size // 2 // generations
    samplers = [
        SamplerSpec(name, optimizer, 1, generations, generation_size)
        for name, optimizer in (("random", "random"), ("re", "regularized_evolution"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), bench, epochs, shard_size)
        watch = campaign.run(samplers)
        files = [path for path in campaign.cache.root.rglob("*") if path.is_file()]
        return watch, len(files), max(Counter(path.parent for path in files).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("benchmark", help="a frozen benchmark to simulate from")
    parser.add_argument("--surrogate", help="of the benchmark; its selected one by default")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 16000])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--shard-size", type=int, default=20)
    parser.add_argument("--generations", type=int, default=50, help="of each of two samplers")
    options = parser.parse_args()
    bench = nasforge.load(options.benchmark, options.surrogate)
    for number, size in enumerate(options.sizes):
        watch, files, most = measure(
            bench, size, options.epochs, options.shard_size, options.generations
        )
        if not number:
            names = ["evaluations", "ms of", *watch.seconds, "all", "files", "most/folder"]
            print(" ".join(f"{name:>11}" for name in names))
        for label, seconds in (("wall", watch.seconds), ("CPU", watch.cpu)):
            values = [1000 * value / size for value in (*seconds.values(), sum(seconds.values()))]
            cells = [f"{value:>11.2f}" for value in values]
            print(f"{size:>11} {label:>11}", *cells, f"{files:>11} {most:>11}")


if __name__ == "__main__":
    main()
