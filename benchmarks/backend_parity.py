"""Do both backends give the same distribution of accuracies? A paired study.

    python benchmarks/backend_parity.py data/darts-cifar10-cpu data/darts-cifar10-cpu-torch \
        results/workstation/images

Takes the evaluations of one sampler (`--sampler`, default fresh: random architectures) from a
folder of parts, trains each again by the other backend (same architecture, seed and batches;
only rounding differs), and compares validation accuracies. Exits with 1 unless the mean
difference's 90 % interval lies within a quarter of the standard deviation between seeds, which is
that of all the folder's evaluations. What the other backend trained is kept as a part in the second
folder, and read from there if it is: stopped, the same command goes on. The images are those that a
run's `prepare_images` made, and must be the evaluations' own. `--limit N` takes the first N.
"""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.restore import restore_cache
from nasforge.evaluations.tables import read_table, write_curves, write_evaluations
from nasforge.recipe import Recipe
from nasforge.training.dataset import ImageSet
from nasforge.training.shard import train_shard

CACHE = Path("results/.cache-parity")
BOOTSTRAPS = 10_000
OTHER = {"torch": "native", "native": "torch"}


def main() -> int:
    options = parse()
    logging.basicConfig(level=logging.WARNING)
    files = sorted(options.parts.glob(f"evaluations/{options.sampler}-g*.parquet"))
    if not files:
        sys.exit(f"{options.parts} holds no evaluations/{options.sampler}-g*.parquet")
    tables = [read_table(file, "evaluations") for file in files]
    rows = pd.concat(table.to_pandas() for table, _ in tables).query("status == 'ok'")
    [backend] = rows["backend"].unique()
    provenance = tables[0][1]
    [record] = provenance.recipes.values()
    recipe = Recipe.from_record(record)
    images = ImageSet.open(options.images)
    check_images(rows, images, options)  # before hours are spent on others
    folder = CACHE / OTHER[backend]
    if options.other.exists():
        restore_cache(options.other, folder)
    cache = EvaluationCache(folder, "train", recipe.recipe_id)
    again = train_shard(
        [
            Proposal("parity", "random", 0, i, row.replicate, row.architecture)
            for i, row in enumerate(rows.head(options.limit or len(rows)).itertuples())
        ],
        recipe,
        images,
        cache,
        backend=OTHER[backend],
        label="parity",
    )
    # All that is there, so that a smaller --limit takes nothing away.
    known = [kept for evaluation_id in rows["evaluation_id"] if (kept := cache.get(evaluation_id))]
    part = f"{options.sampler}.parquet"
    write_evaluations(options.other / "evaluations" / part, known, provenance)
    write_curves(options.other / "curves" / part, known, provenance)
    other = pd.DataFrame({"evaluation_id": e.evaluation_id, "other": e.val_accuracy} for e in again)
    pairs = rows.merge(other, on="evaluation_id")
    beside = sorted(options.parts.glob("evaluations/*.parquet"))
    seeds = pd.concat(read_table(file, "evaluations")[0].to_pandas() for file in beside)
    return report(pairs, backend, seed_deviation(seeds.query("status == 'ok'")))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path, help="folder of parts: evaluations/ and curves/")
    parser.add_argument("other", type=Path, help="folder for those of the other backend")
    parser.add_argument("images", type=Path, help="folder of the images they were trained on")
    parser.add_argument("--sampler", default="fresh", help="whose evaluations (default fresh)")
    parser.add_argument("--limit", type=int)
    return parser.parse_args()


def check_images(rows: pd.DataFrame, images: ImageSet, options: argparse.Namespace) -> None:
    [dataset_id] = rows["dataset_id"].unique()
    if images.dataset_id != dataset_id:
        sys.exit(
            f"{options.images}: the images {images.dataset_id}, but {options.parts} is of the "
            f"images {dataset_id}; give the folder that a run of its config has prepared"
        )


def report(pairs: pd.DataFrame, backend: str, seed_std: float) -> int:
    """Print the comparison; 0 if the interval is inside the bound."""
    sign = 1.0 if backend == "torch" else -1.0
    pairs = pairs.assign(difference=sign * (pairs["other"] - pairs["val_accuracy"]))
    # Bootstrapped over architectures: the replicates of one are not independent evidence.
    groups = [group["difference"].to_numpy() for _, group in pairs.groupby("architecture_id")]
    rng = np.random.default_rng(0)
    means = [
        np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]).mean()
        for _ in range(BOOTSTRAPS)
    ]
    low, high = np.quantile(means, (0.05, 0.95))
    inside = max(-low, high) < seed_std / 4
    correlation = np.corrcoef(pairs["val_accuracy"], pairs["other"])[0, 1]
    print(f"{len(pairs)} evaluations of {len(groups)} architectures")
    print(
        f"native - torch: {pairs['difference'].mean():+.5f}, 90 % interval [{low:.5f}, {high:.5f}]"
    )
    print(f"standard deviation between seeds {seed_std:.5f}, a quarter of it {seed_std / 4:.5f}")
    print(f"standard deviation of the difference {pairs['difference'].std():.5f}")
    print(f"correlation between backends {correlation:.3f}")
    print("inside the bound" if inside else "NOT inside the bound")
    return 0 if inside else 1


def seed_deviation(rows: pd.DataFrame) -> float:
    """Standard deviation of validation accuracy between trainings of one architecture, pooled."""
    groups = rows.groupby("architecture_id")["val_accuracy"]
    freedom = len(rows) - groups.ngroups
    if not freedom:
        sys.exit("no architecture is there with two seeds: the bound is not known")
    return float(np.sqrt(((rows["val_accuracy"] - groups.transform("mean")) ** 2).sum() / freedom))


if __name__ == "__main__":
    sys.exit(main())
