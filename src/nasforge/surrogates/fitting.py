"""The fit stage: one family's ensemble for one target, as files.

    >>> fit_target(DARTS, development, "linear", "val_accuracy", {}, Bagging(5, 2, 0), record)

Three files of one name: a JSON record of what was fitted how, its arrays (.npz), and the
out-of-fold predictions (.parquet): selection, noise and calibration read only them, never the
test part.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import make_predictor
from nasforge.benchmark.targets import IDENTITY, TARGETS, Scale
from nasforge.evaluations.files import atomic_path, write_text
from nasforge.space import SearchSpace
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.labels import read_labels

_LOG = logging.getLogger(__name__)

LINK = "link"
"""The setting that all families share: the scale on which they predict an accuracy."""


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Out-of-fold predictions of one surrogate for one target, on the target's scale.

    Attributes:
        architecture_ids: Ids, [n], in the order of the development labels.
        held_out: float64 [n, repeats], by the one member of each partition that did not see it.
    """

    architecture_ids: list[str]
    held_out: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """float64 [n]."""
        return self.held_out.mean(axis=1)

    @property
    def member_variance(self) -> np.ndarray:
        """float64 [n], unbiased variance of the members that did not see it."""
        return self.held_out.var(axis=1, ddof=1)

    def write(self, file: Path) -> None:
        """As parquet: architecture_id and a column per partition."""
        columns = {f"repeat_{k}": values for k, values in enumerate(self.held_out.T)}
        with atomic_path(file) as temporary:
            pd.DataFrame({"architecture_id": self.architecture_ids} | columns).to_parquet(
                temporary, index=False
            )

    @classmethod
    def read(cls, file: Path) -> "OutOfFold":
        """What `write` wrote."""
        rows = pd.read_parquet(file)
        return cls(
            rows["architecture_id"].tolist(), rows.drop(columns="architecture_id").to_numpy()
        )


def split_link(settings: Mapping[str, Any], target: str) -> tuple[dict[str, Any], Scale]:
    """A family's own settings, and the scale it predicts on; times have a scale of their own."""
    own = {key: value for key, value in settings.items() if key != LINK}
    accuracy = TARGETS[target].unit == "fraction"
    return own, Scale(settings[LINK]) if accuracy and LINK in settings else IDENTITY


def fit_target(
    space: SearchSpace,
    development_file: Path,
    family: str,
    target: str,
    settings: Mapping[str, Any],
    bagging: Bagging,
    record_file: Path,
) -> None:
    """Fit an ensemble on the development part and write it with its out-of-fold predictions.

    Args:
        space: Where the architectures are from.
        development_file: The development part.
        family: Name of the family.
        target: Name of the target.
        settings: The family's, and `link`.
        bagging: Which members there are.
        record_file: The JSON record, written last; arrays and predictions are beside it.

    Raises:
        SurrogateError: A setting is unknown or there are too few architectures.
    """
    labels = read_labels(development_file, TARGETS[target])
    own, link = split_link(settings, target)
    fitted = fit_ensemble(FAMILIES[family], space, labels, bagging, own, link)
    with atomic_path(record_file.with_suffix(".npz")) as temporary:
        temporary.write_bytes(pack_arrays(fitted.predictor.to_arrays()))
    OutOfFold(labels.architecture_ids, fitted.held_out).write(record_file.with_suffix(".parquet"))
    record = {
        "family": family,
        "encoding": FAMILIES[family].encoding_for(space),
        "link": link.name,
        "settings": dict(FAMILIES[family].settings) | own,
    }
    write_text(record_file, json.dumps(record, indent=1) + "\n")
    _LOG.info("%s for %s: %d members", family, target, fitted.predictor.members)


def read_model(record_file: Path) -> Model:
    """The ensemble that `fit_target` wrote, or the blend that `fit_blend` did.

    Args:
        record_file: `<folder>/<surrogate>/<target>.json`.
    """
    record = json.loads(record_file.read_text(encoding="utf-8"))
    if "weights" not in record:
        return Model((_read_part(record_file, 1.0),))
    folder = record_file.parents[1]
    return Model(
        tuple(
            _read_part(folder / family / record_file.name, weight)
            for family, weight in record["weights"].items()
        )
    )


def _read_part(record_file: Path, weight: float) -> Part:
    record = json.loads(record_file.read_text(encoding="utf-8"))
    file = record_file.with_suffix(".npz")
    kind = FAMILIES[record["family"]].predictor.kind
    predictor = make_predictor(kind, unpack_arrays(file.read_bytes(), str(file)))
    return Part(record["family"], predictor, record["encoding"], Scale(record["link"]), weight)
