"""Is the GIN trained well? Its error on what it learnt and on what it did not, over epochs.

    python benchmarks/gin_training_length.py data/darts-cifar10-cpu
    python benchmarks/gin_training_length.py data/darts-cifar10-cpu \
        --settings config/release_tuned.json

Every row is a whole training with its own learning-rate schedule (so it shows what that many
epochs can give, not a snapshot on the way), 5-fold, folds split by network, two members averaged.
LightGBM and the linear model on the same folds stand below; the ceilings are those of labels with
the noise of the replicates. Settings are the families' defaults, or those of `--settings`, a piece
of a config, whose own number of epochs is a row more; `--link` names another scale for GIN.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from published import LEFT_OUT, predict, read_published

from nasforge.surrogates.ceilings import score_limits
from nasforge.surrogates.metrics import kendall_tau, r2
from nasforge.surrogates.tuning import LINKS

EPOCHS = (5, 10, 20, 40, 60, 90, 150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="published evaluations")
    parser.add_argument("--epochs", type=int, nargs="+", default=EPOCHS)
    parser.add_argument("--leave-out", nargs="*", default=LEFT_OUT, help="samplers")
    parser.add_argument("--settings", type=Path, help="a piece of a config: surrogates.families")
    parser.add_argument("--link", choices=LINKS, help="the scale GIN predicts on")
    options = parser.parse_args()
    families = read_settings(options.settings)
    gin = families.get("gin", {}) | ({"link": options.link} if options.link else {})
    epochs = sorted({*options.epochs, *([gin["epochs"]] if "epochs" in gin else [])})
    labels = read_published(options.folder, options.leave_out)
    noise = labels.replicates.pooled_variance()
    limits = score_limits(labels.values, labels.seeds, noise, np.random.default_rng(0), 50)
    print(f"{len(labels)} architectures; ceiling of R2 {limits.ceiling['r2']:.3f}, of Kendall tau "
          f"{limits.ceiling['kendall_tau']:.3f}")  # fmt: skip
    print(f"{'':<12} {'epochs':>6} {'R2 seen':>8} {'R2 unseen':>9} {'tau unseen':>10}")
    runs = [("gin", gin | {"epochs": number}) for number in epochs]
    runs += [(family, families.get(family, {})) for family in ("lightgbm", "linear")]
    for family, settings in runs:
        seen, unseen = predict(family, labels, **settings)
        print(
            f"{family:<12} {settings.get('epochs', ''):>6} {r2(labels.values, seen):8.3f} "
            f"{r2(labels.values, unseen):9.3f} {kendall_tau(labels.values, unseen):10.3f}",
            flush=True,
        )


def read_settings(file: Path | None) -> dict[str, dict]:
    """Settings by family; empty for the defaults."""
    if file is None:
        return {}
    return json.loads(file.read_text(encoding="utf-8"))["surrogates"]["families"]


if __name__ == "__main__":
    main()
