"""Which recipe's trainings agree best, at what cost? A table of candidates.

    python benchmarks/recipe_reliability.py benchmarks/recipe_reliability.yaml --data-dir DIR

Random genotypes are trained by every candidate recipe; seeds are compared with each other, and
their mean with the candidate called "long", a training at least five times as long. Candidates are
trained in the file's order, each on the first `genotypes` of one list and with `seeds` seeds.
`--part NAME DIR` writes one candidate's evaluations as a part of published data. All
trainings go through the evaluation cache: stopped, the same command goes on. `--cores` processes
side by side.
"""

import argparse
import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.tables import (
    PROPOSALS,
    write_curves,
    write_evaluations,
    write_table,
)
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS
from nasforge.studies.reliability import agreement, reliability
from nasforge.training.dataset import ImageSet
from nasforge.training.prepare import prepared_folder
from nasforge.training.shard import provenance, train_shard

FOLDER = Path("results/reliability")
CACHE = Path("results/.cache")
SEED = 20
LONG = "long"
PART = "reliability-g0.parquet"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--part", nargs=2, metavar=("NAME", "DIR"), help="train and publish NAME")
    options = parser.parse_args()
    candidates = yaml.safe_load(options.candidates.read_text(encoding="utf-8"))
    rng = np.random.default_rng(SEED)
    count = max(candidate["genotypes"] for candidate in candidates.values())
    genotypes = [DARTS.format(DARTS.sample(rng)) for _ in range(count)]
    if options.part:
        name, folder = options.part
        write_part(candidates[name], genotypes, options.data_dir, Path(folder))
        return
    results = {}
    with ProcessPoolExecutor(options.cores, mp_context=get_context("spawn")) as pool:
        for name, candidate in candidates.items():
            spec = DatasetSpec.from_dict(candidate["dataset"])
            folder = prepared_folder(spec, options.data_dir, FOLDER)
            jobs = [
                (candidate["recipe"], folder, text, candidate["seeds"])
                for text in genotypes[: candidate["genotypes"]]
            ]
            results[name] = list(pool.map(train, jobs))
            print_table(results)


def write_part(candidate: dict, genotypes: list[str], data_dir: Path, folder: Path) -> None:
    images = prepared_folder(DatasetSpec.from_dict(candidate["dataset"]), data_dir, FOLDER)
    genotypes = genotypes[: candidate["genotypes"]]
    recipe = Recipe.from_dict(candidate["recipe"])
    trained = [train((candidate["recipe"], images, g, candidate["seeds"])) for g in genotypes]
    rows = [evaluation for pair in trained for evaluation in pair]
    records = provenance(recipe, images)
    proposals = [
        {
            "sampler": "reliability",
            "optimizer": "random",
            "generation": 0,
            "position": position,
            "raw_architecture": text,
            "evaluation_id": pair[0].evaluation_id,
        }
        for position, (text, pair) in enumerate(zip(genotypes, trained, strict=True))
    ]
    write_evaluations(folder / "evaluations" / PART, rows, records)
    write_curves(folder / "curves" / PART, rows, records)
    table = pa.Table.from_pylist(proposals, schema=PROPOSALS)
    write_table(folder / "proposals" / PART, table, "proposals", records)


def train(job: tuple[dict, Path, str, int]) -> list[Evaluation]:
    options, folder, text, seeds = job
    logging.getLogger("nasforge").setLevel(logging.WARNING)
    recipe = Recipe.from_dict(options)
    proposals = [Proposal("reliability", "random", 0, 0, seed, text) for seed in range(seeds)]
    cache = EvaluationCache(CACHE, "train", recipe.recipe_id)
    return train_shard(proposals, recipe, ImageSet.open(folder), cache, label="reliability")


def print_table(results: dict[str, list[list[Evaluation]]]) -> None:
    rng = np.random.default_rng(0)
    print(
        "\n| recipe | n | mean | std architectures | std seeds | Pearson | Spearman | s per run "
        "| Spearman with long |\n|---|---|---|---|---|---|---|---|---|"
    )
    long = accuracies(results[LONG]).mean(axis=1) if LONG in results else None
    for name, trained in results.items():
        values = accuracies(trained)
        seconds = np.mean([e.train_time_s for pair in trained for e in pair])
        cells = [name, len(values), f"{values.mean():.3f}"]
        if values.shape[1] == 2:
            row = reliability(values, rng)
            cells += [f"{row.std_architectures:.4f}", f"{row.std_seeds:.4f}"]
            cells += [row.pearson, row.spearman]
        else:
            cells += [f"{values.std(ddof=1):.4f} (one seed)", "", "", ""]
        cells += [f"{seconds:.1f}"]
        if long is not None and name != LONG:
            both = min(len(long), len(values))
            cells += [agreement(values.mean(axis=1)[:both], long[:both], rng)]
        else:
            cells += [""]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def accuracies(pairs: list[list[Evaluation]]) -> np.ndarray:
    return np.array([[evaluation.val_accuracy for evaluation in pair] for pair in pairs])


if __name__ == "__main__":
    main()
