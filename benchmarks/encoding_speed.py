"""How fast genotypes are read, brought to their canonical form and encoded, in microseconds each.

    python benchmarks/encoding_speed.py             # 10,000 genotypes
    python benchmarks/encoding_speed.py --quick     # 1,000

One at a time and all at once. `definition` is the canonical form written as it is defined. numba,
where it is installed, compiles what has a column of its own; a ratio is that of the two columns to
its left. Times are processor times and medians of rounds in which all take turns. Exits with 1 if
canonical form and graph features of 10,000 genotypes take more than .2 s with numba or 2 s without.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np
from turns import Run, medians, plain

from nasforge.accelerator import kernels
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.space.darts.arrays import to_array
from nasforge.space.darts.canonical import canonical_array, canonical_cell

COMPILED = ("one_hot", "graph_features", "features")
NUMBA = kernels("nasforge.space.darts.feature_kernels") is not None
BUDGET_US = {"numba": 20.0, "numpy": 200.0}
"""0.2 s and 2 s for 10,000 (issue 4)."""


def definition(genotype: Genotype) -> Genotype:
    return Genotype(canonical_cell(genotype.normal), canonical_cell(genotype.reduce))


def one_by_one(function: Callable[[Genotype], object], genotypes: Sequence[Genotype]) -> Run:
    return lambda: [function(genotype) for genotype in genotypes]


def contenders(genotypes: list[Genotype], texts: list[str], few: int) -> tuple[dict, dict]:
    """What is timed one at a time, of `few` genotypes, and all at once."""
    some = genotypes[:few]
    single: dict[str, Run] = {
        "parse": lambda: [DARTS.parse(text) for text in texts[:few]],
        "format": one_by_one(DARTS.format, some),
        "canonical, definition": one_by_one(definition, some),
        "canonical": one_by_one(DARTS.canonical, some),
        "architecture_id": one_by_one(DARTS.architecture_id, some),
    }
    many: dict[str, Run] = {"canonical": lambda: canonical_array(to_array(genotypes))}
    for encoding in DARTS.encodings:
        one = one_by_one(lambda g, e=encoding: DARTS.encode([g], e), some)
        every = lambda e=encoding: DARTS.encode(genotypes, e)  # noqa: E731
        single[encoding], many[encoding] = plain(one), plain(every)
        if NUMBA and encoding in COMPILED:
            single[f"{encoding}, numba"], many[f"{encoding}, numba"] = one, every
    return single, many


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,000 genotypes and fewer rounds")
    quick = parser.parse_args().quick
    number, few, rounds = (1_000, 100, 5) if quick else (10_000, 500, 9)
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(number)]
    single_runs, many_runs = contenders(genotypes, [DARTS.format(g) for g in genotypes], few)
    single = medians(single_runs, rounds, few)
    many = medians(many_runs, rounds, number)
    print(f"{'us per genotype':24}{'one':>10}{'numba':>10}{'ratio':>8}", end="")
    print(f"{f'{number:,}':>10}{'numba':>10}{'ratio':>8}")
    for name in single:
        if name.endswith(", numba"):
            continue
        row = f"{name:24}"
        for times in (single, many):
            alone, compiled = times.get(name), times.get(f"{name}, numba")
            row += f"{alone:10.2f}" if alone else f"{'':10}"
            row += f"{compiled:10.2f}{alone / compiled:7.1f}x" if compiled else f"{'':18}"
        print(row.rstrip())
    ratio = single["canonical, definition"] / single["canonical"]
    print(f"canonical form over its definition: {ratio:.1f}x as fast")
    missed = False
    for how, key in (("numba", "graph_features, numba"), ("numpy", "graph_features")):
        if key in many:
            total = many["canonical"] + many[key]
            budget = f"({BUDGET_US[how]:g} allowed)"
            print(f"canonical form and graph features, {how}: {total:.2f} us {budget}")
            missed |= total > BUDGET_US[how]
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
