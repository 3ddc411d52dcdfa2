"""What a sampler is told: the results of its own finished generations.

>>> replicate_zero_results(shard_files)["9903268c82818be4"]
"""

from collections.abc import Iterable
from pathlib import Path

from nasforge.evaluations.tables import read_tables


def replicate_zero_results(files: Iterable[Path]) -> dict[str, tuple[float, float]]:
    """(val_accuracy, train_time_s) by architecture_id, of each one's first training.

    Both are nan for a failed training; an optimizer sees one noisy value per architecture, as
    it would on its own.
    """
    names = ("architecture_id", "replicate", "val_accuracy", "train_time_s")
    table, _ = read_tables(files, "evaluations", names)
    rows = zip(*(table[name].to_pylist() for name in names), strict=True)
    return {
        architecture_id: (val_accuracy, train_time_s)
        for architecture_id, replicate, val_accuracy, train_time_s in rows
        if replicate == 0
    }
