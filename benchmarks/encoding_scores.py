"""What an encoding is worth: families with default settings on each, held-out folds.

    python benchmarks/encoding_scores.py data/darts-cifar10-cpu
    python benchmarks/encoding_scores.py data/darts-cifar10-cpu --link identity log_error

5-fold, split by network, two members averaged, the same folds for all. `--link` names the scales of
the target that members predict on; scores are of accuracies always.
"""

import argparse
from itertools import product
from pathlib import Path

from published import LEFT_OUT, predict, read_published

from nasforge.surrogates.families import FAMILIES as ALL_FAMILIES
from nasforge.surrogates.metrics import kendall_tau, r2
from nasforge.surrogates.tuning import LINKS

FAMILIES = ("linear", "lightgbm", "xgboost", "gaussian_process")
ALL = tuple(name for name, family in ALL_FAMILIES.items() if "features" in family.encodings)
ENCODINGS = ("one_hot", "graph_features", "features")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="published evaluations")
    parser.add_argument("--leave-out", nargs="*", default=LEFT_OUT, help="samplers")
    parser.add_argument("--link", nargs="+", choices=LINKS, default=LINKS[:1], help="scales")
    parser.add_argument("--families", nargs="+", choices=ALL, default=FAMILIES)
    parser.add_argument("--encodings", nargs="+", choices=ENCODINGS, default=ENCODINGS)
    options = parser.parse_args()
    labels = read_published(options.folder, options.leave_out)
    print(f"{len(labels)} architectures; R2 and Kendall tau of unseen ones")
    print(f"{'':<18} {'link':<10}" + "".join(f"{name:>18}" for name in options.encodings))
    for family, link in product(options.families, options.link):
        row = f"{family:<18} {link:<10}"
        for encoding in options.encodings:
            _, unseen = predict(family, labels, encoding, link)
            scores = r2(labels.values, unseen), kendall_tau(labels.values, unseen)
            row += f"{'{:.3f}  {:.3f}'.format(*scores):>18}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
