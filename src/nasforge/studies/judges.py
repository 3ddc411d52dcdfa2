"""Judges of surrogate and table: architectures with several trainings.

    >>> judges = make_judges(labels, "proposals.parquet", {"linear": predictions})
    >>> answers(predictions, judges.at(judges.strata["top"]))

The truth of a judge is the mean of all its trainings but the first; a table says what the first
one gave; a surrogate answers what `hold_out` predicted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.evaluations.tables import read_table
from nasforge.studies.regions import in_top_region
from nasforge.surrogates.labels import Labels
from nasforge.surrogates.scores import BOOTSTRAPS

UNSEEN, SEEN = "unseen", "first run seen"
"""Variants: nothing was learnt of the judges (headline), or their first trainings (the paper's)."""

_VARIANTS = {"size": UNSEEN, "seen": SEEN}
"""By scheme of `hold_out`."""


@dataclass(frozen=True, eq=False)
class Judges:
    """Architectures with several trainings.

    Attributes:
        ids: [n].
        truth: float64 [n], mean of all trainings but the first.
        first: float64 [n], the first training, which a table of one run says.
        strata: bool [n] each: "all"; "random" and "optimized", by who proposed them; "top", those
            in the top region by predictions that learnt nothing of them.
    """

    ids: np.ndarray
    truth: np.ndarray
    first: np.ndarray
    strata: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, chosen: np.ndarray) -> "Judges":
        """Some of them."""
        strata = {name: inside[chosen] for name, inside in self.strata.items()}
        return Judges(self.ids[chosen], self.truth[chosen], self.first[chosen], strata)

    def draws(self) -> np.ndarray:
        """Bootstrap samples, the same for all that is judged: int64 [BOOTSTRAPS, n]."""
        return np.random.default_rng(0).integers(len(self), size=(BOOTSTRAPS, len(self)))


@dataclass(frozen=True, eq=False)
class Answer:
    """What a surrogate says of the judges.

    Attributes:
        variant: `UNSEEN` or `SEEN`.
        size: Number of training architectures that was asked for, or "all".
        trained: Number that there were, mean over folds.
        predicted: float64 [judges].
    """

    variant: str
    size: str
    trained: int
    predicted: np.ndarray


def make_judges(
    labels: Labels, proposals_file: Path, predictions: Mapping[str, pd.DataFrame]
) -> Judges:
    """All architectures of the development part that have several trainings.

    Args:
        labels: Of the development part.
        proposals_file: The campaign's proposals.
        predictions: What `hold_out` wrote, by family.
    """
    several = labels.seeds > 1
    table = read_table(proposals_file, "proposals")[0].to_pandas()
    optimizer = dict(zip(table["sampler"], table["optimizer"], strict=True))
    random = np.array([optimizer[stratum] == "random" for stratum in labels.strata], dtype=bool)
    unseen = [
        by_id(own[(own["scheme"] == "size") & (own["group"] == "all")], labels.architecture_ids)
        for own in predictions.values()
    ]
    top = in_top_region(unseen) if unseen else np.zeros(len(labels), dtype=bool)
    strata = {"all": several, "random": random, "optimized": ~random, "top": top}
    others = labels.values * labels.seeds - labels.first
    return Judges(
        np.array(labels.architecture_ids)[several],
        others[several] / (labels.seeds[several] - 1),
        labels.first[several],
        {name: inside[several] for name, inside in strata.items()},
    )


def answers(predictions: pd.DataFrame, judges: Judges) -> list[Answer]:
    """A family's answers, of both variants and all sizes.

    Args:
        predictions: What `hold_out` wrote.
        judges: Who is asked about.
    """
    wanted = predictions[predictions["scheme"].isin(_VARIANTS)]
    return [
        Answer(
            _VARIANTS[str(scheme)], str(group), round(own["trained"].mean()), by_id(own, judges.ids)
        )
        for (scheme, group), own in wanted.groupby(["scheme", "group"], sort=False)
    ]


def by_id(predictions: pd.DataFrame, ids: np.ndarray | list[str]) -> np.ndarray:
    """Predictions in the order of `ids`: float64 [n]."""
    return predictions.set_index("architecture_id")["prediction"].loc[list(ids)].to_numpy()
