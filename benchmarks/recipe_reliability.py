"""Which recipe's trainings agree best, at what cost? A table of candidates.

    python benchmarks/recipe_reliability.py benchmarks/recipe_reliability.yaml --data-dir DIR

Random genotypes are trained with two seeds by every candidate recipe, and compared with each other
and with the first candidate, which is meant to be a training at least five times as long. All
trainings go through the evaluation cache: stopped, the same command goes on, and more genotypes
add to those there are. `--cores` processes side by side.
"""

import argparse
import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import yaml

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS
from nasforge.studies.reliability import agreement, reliability
from nasforge.training.dataset import MANIFEST, ImageSet
from nasforge.training.prepare import prepare
from nasforge.training.shard import train_shard

FOLDER = Path("results/reliability")
CACHE = Path("results/.cache")
SEED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--genotypes", type=int, default=20)
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    candidates = yaml.safe_load(options.candidates.read_text(encoding="utf-8"))
    rng = np.random.default_rng(SEED)
    genotypes = [DARTS.format(DARTS.sample(rng)) for _ in range(options.genotypes)]
    results = {}
    with ProcessPoolExecutor(options.cores, mp_context=get_context("spawn")) as pool:
        for name, candidate in candidates.items():
            folder = prepare_images(candidate["dataset"], options.data_dir)
            jobs = [(candidate["recipe"], folder, text) for text in genotypes]
            results[name] = list(pool.map(train_twice, jobs))
            print_table(results)


def prepare_images(dataset: dict, data_dir: Path) -> Path:
    spec = DatasetSpec.from_dict(dataset)
    folder = FOLDER / "-".join(str(value) for value in spec.to_dict().values())
    if not (folder / MANIFEST).exists():
        prepare(spec, data_dir, folder)
    return folder


def train_twice(job: tuple[dict, Path, str]) -> list[Evaluation]:
    options, folder, text = job
    logging.getLogger("nasforge").setLevel(logging.WARNING)
    recipe = Recipe.from_dict(options)
    proposals = [Proposal("reliability", "random", 0, 0, seed, text) for seed in (0, 1)]
    cache = EvaluationCache(CACHE, "train", recipe.recipe_id)
    return train_shard(proposals, recipe, ImageSet.open(folder), cache, label="reliability")


def print_table(results: dict[str, list[list[Evaluation]]]) -> None:
    rng = np.random.default_rng(0)
    print(
        "\n| recipe | n | mean | std architectures | std seeds | Pearson | Spearman | s per run "
        "| Spearman with the first |\n|---|---|---|---|---|---|---|---|---|"
    )
    reference = accuracies(next(iter(results.values()))).mean(axis=1)
    for name, pairs in results.items():
        values = accuracies(pairs)
        row = reliability(values, rng)
        seconds = np.mean([e.train_time_s for pair in pairs for e in pair])
        same = agreement(values.mean(axis=1), reference, rng)
        print(
            f"| {name} | {row.architectures} | {row.mean:.3f} | {row.std_architectures:.4f} "
            f"| {row.std_seeds:.4f} | {row.pearson} | {row.spearman} | {seconds:.1f} | {same} |"
        )


def accuracies(pairs: list[list[Evaluation]]) -> np.ndarray:
    return np.array([[evaluation.val_accuracy for evaluation in pair] for pair in pairs])


if __name__ == "__main__":
    main()
