"""How long the fits of all families take, with default settings and 10 members, one thread each.

    python benchmarks/fit_speed.py             # 3,000 evaluations, all families
    python benchmarks/fit_speed.py --large     # 45,000 rows, tree families and linear
    python benchmarks/fit_speed.py --quick     # 300 evaluations
    python benchmarks/fit_speed.py --large --members 1 --families gin mlp ngboost

Architectures are random and labels simulated (a random function of graph features, and noise), so
that nothing has to be trained. Seconds are processor time, which a busy machine does not change;
every family runs in a process of its own, whose peak memory is shown. The ratio is to LightGBM.
`--members 1` fits one member, on four fifths of the rows, of families that are too slow at 45,000:
ten members take ten times as long there. R2 is of the rows that the one did not see.
"""

import argparse
import multiprocessing
import platform
import resource
import time

import numpy as np

from nasforge.space import DARTS
from nasforge.surrogates.compact import compact
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES, Family
from nasforge.surrogates.labels import Labels, Replicates
from nasforge.surrogates.splits import fold_numbers

LARGE_FAMILIES = ("mean", "linear", "lightgbm", "xgboost", "random_forest")
REFERENCE = "lightgbm"
BAGGING = Bagging(folds=5, repeats=2, seed=0)
ALL = BAGGING.folds * BAGGING.repeats


def simulated_labels(n: int) -> Labels:
    """Labels of n random architectures: about a fifth of their variance is noise."""
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(n)]
    features = DARTS.encode(genotypes, "graph_features").astype(np.float64)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    hidden = np.tanh(features @ rng.normal(0.0, 0.1, (features.shape[1], 30)))
    signal = hidden @ rng.normal(size=30)
    signal *= 0.02 / signal.std()
    return Labels(
        architectures=[DARTS.format(genotype) for genotype in genotypes],
        architecture_ids=[f"{i:016x}" for i in range(n)],
        strata=["random"] * n,
        values=0.5 + signal + 0.01 * rng.standard_normal(n),
        seeds=np.ones(n, np.int64),
        first=np.zeros(n),
        replicates=Replicates(np.empty(0), np.empty(0, np.int64)),
    )


def measure(task: tuple[str, int, int]) -> tuple[float, float, float, float]:
    """Processor seconds, wall seconds, peak memory in GiB, out-of-fold R2."""
    family, n, members = task
    labels = simulated_labels(n)
    start = time.process_time(), time.perf_counter()
    if members == 1:
        unseen, predicted = fit_one(FAMILIES[family], labels)
    else:
        fitted = fit_ensemble(FAMILIES[family], DARTS, labels, BAGGING, {})
        unseen, predicted = np.arange(n), fitted.held_out_mean
    seconds = time.process_time() - start[0], time.perf_counter() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    true = labels.values[unseen]
    return *seconds, peak, 1.0 - (true - predicted).var() / true.var()


def fit_one(family: Family, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Fit the ensemble's first member; rows that it did not see, and its predictions of them."""
    genotypes = [DARTS.parse(text) for text in labels.architectures]
    features = DARTS.encode(genotypes, family.encoding_for(DARTS))
    folds = fold_numbers(labels.architecture_ids, labels.strata, BAGGING.folds, BAGGING.seed_of(0))
    inside = folds != 0
    member = compact(
        family.fit(
            features[inside], labels.values[inside], BAGGING.seed_of(0, 0), DARTS.graph_layout
        )
    )
    return np.flatnonzero(~inside), member.predict(features[~inside])[:, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--large", action="store_true", help="45,000 rows, trees and linear")
    size.add_argument("--quick", action="store_true", help="300 evaluations")
    parser.add_argument("--families", nargs="+", choices=FAMILIES, help="only these")
    parser.add_argument("--members", type=int, choices=(1, ALL), default=ALL, help="how many")
    options = parser.parse_args()
    n = 45_000 if options.large else 300 if options.quick else 3_000
    families = options.families or (LARGE_FAMILIES if options.large else tuple(FAMILIES))
    members = "1 member" if options.members == 1 else f"{options.members} members"
    print(f"{n} evaluations, {members}, one thread, {platform.processor() or platform.machine()}")
    print(f"{'family':<18} {'CPU s':>8} {'wall s':>8} {'ratio':>7} {'peak GiB':>9} {'R2':>6}")
    results = {}
    # One process at a time, each a new one: its peak memory is the family's own.
    context = multiprocessing.get_context("spawn")
    order = [REFERENCE, *(family for family in families if family != REFERENCE)]
    for family in order if REFERENCE in families else families:
        with context.Pool(1) as pool:
            results[family] = pool.apply(measure, ((family, n, options.members),))
        cpu, wall, peak, score = results[family]
        ratio = f"{cpu / results[REFERENCE][0]:7.2f}" if REFERENCE in results else f"{'-':>7}"
        print(f"{family:<18} {cpu:8.1f} {wall:8.1f} {ratio} {peak:9.2f} {score:6.3f}", flush=True)
    total = sum(cpu for cpu, *_ in results.values())
    print(f"all: {total:.0f} s of one core, {total / 120:.1f} min on two")


if __name__ == "__main__":
    main()
