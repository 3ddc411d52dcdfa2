"""Do both backends give the same distribution of accuracies? A paired study.

    python benchmarks/backend_parity.py data/darts-cifar10-cpu/evaluations/fresh-g2.parquet \
        results/workstation/images

Takes a file of evaluations, trains every one of them again by the other backend (same
architecture, seed and batches; only rounding differs), and compares validation accuracies. Exits
with 1 unless the mean difference's 90 % interval lies within a quarter of the standard deviation
between seeds, which is that of all files beside it. The images are those that a run's
`prepare_images` made. Stopped, the same command goes on. `--limit N` takes the first N.
"""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.tables import read_table
from nasforge.recipe import Recipe
from nasforge.training.dataset import ImageSet
from nasforge.training.shard import train_shard

CACHE = Path("results/.cache-parity")
BOOTSTRAPS = 10_000
OTHER = {"torch": "native", "native": "torch"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("evaluations", type=Path, help="parquet file of evaluations")
    parser.add_argument("images", type=Path, help="folder of the images they were trained on")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    table, provenance = read_table(options.evaluations, "evaluations")
    rows = table.to_pandas().query("status == 'ok'").head(options.limit or len(table))
    [backend] = rows["backend"].unique()
    [record] = provenance.recipes.values()
    recipe = Recipe.from_record(record)
    proposals = [
        Proposal("parity", "random", 0, i, row.replicate, row.architecture)
        for i, row in enumerate(rows.itertuples())
    ]
    again = train_shard(
        proposals,
        recipe,
        ImageSet.open(options.images),
        EvaluationCache(CACHE / OTHER[backend], "train", recipe.recipe_id),
        backend=OTHER[backend],
        label="parity",
    )
    other = pd.DataFrame(
        {"evaluation_id": e.evaluation_id, "other": e.val_accuracy, "other_s": e.train_time_s}
        for e in again
    )
    pairs = rows.merge(other, on="evaluation_id")
    if len(pairs) < len(rows):
        sys.exit(f"{options.images} are not the images that {options.evaluations} is of")
    beside = sorted(options.evaluations.parent.glob("*.parquet"))
    seeds = pd.concat(read_table(file, "evaluations")[0].to_pandas() for file in beside)
    return report(pairs, backend, seed_deviation(seeds.query("status == 'ok'")))


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
