"""What an encoding is worth: families with default settings on each, held-out folds.

    python benchmarks/encoding_scores.py data/darts-cifar10-cpu

5-fold, split by network, two members averaged, the same folds for all.
"""

import argparse
from pathlib import Path

from published import LEFT_OUT, predict, read_published

from nasforge.surrogates.metrics import kendall_tau, r2

FAMILIES = ("linear", "lightgbm", "xgboost", "gaussian_process")
ENCODINGS = ("one_hot", "graph_features", "features")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="published evaluations")
    parser.add_argument("--leave-out", nargs="*", default=LEFT_OUT, help="samplers")
    options = parser.parse_args()
    labels = read_published(options.folder, options.leave_out)
    print(f"{len(labels)} architectures; R2 and Kendall tau of unseen ones")
    print(f"{'':<18}" + "".join(f"{name:>18}" for name in ENCODINGS))
    for family in FAMILIES:
        row = f"{family:<18}"
        for encoding in ENCODINGS:
            _, unseen = predict(family, labels, encoding)
            scores = r2(labels.values, unseen), kendall_tau(labels.values, unseen)
            row += f"{'{:.3f}  {:.3f}'.format(*scores):>18}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
