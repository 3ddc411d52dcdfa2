"""The select stage: which surrogate answers by default, and how noisy its answers are.

    >>> select(DARTS, development, {("linear", "val_accuracy"): record, ...}, 1000.0, outputs)

Everything here uses out-of-fold predictions of the development part. Selected is the cheapest
surrogate, of those that are exported and within the budget of a query, whose out-of-fold RMSE on
val_accuracy is within one standard error of the best one's.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from nasforge.benchmark.entries import NoiseModel
from nasforge.benchmark.noise import noise_std
from nasforge.benchmark.targets import TARGETS
from nasforge.errors import SurrogateError
from nasforge.evaluations.files import atomic_path, write_text
from nasforge.space import SearchSpace
from nasforge.surrogates.calibration import Forecast, calibration_table
from nasforge.surrogates.cost import measure_query_us, query_cost
from nasforge.surrogates.exported import exported_surrogates
from nasforge.surrogates.fitting import OutOfFold, read_model
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.noise import fit_epistemic_scale, fit_noise
from nasforge.surrogates.scores import BOOTSTRAPS, format_scores, score_table

_LOG = logging.getLogger(__name__)

SELECTION_TARGET = "val_accuracy"


@dataclass(frozen=True)
class Selection:
    """What the development part decided.

    Attributes:
        selected: The default surrogate.
        exported: Surrogates by their names in the benchmark.
        noise: Noise model by target; None where not estimable.
        epistemic_scales: By surrogate, then by target; None where not estimable.
    """

    selected: str
    exported: Mapping[str, str]
    noise: Mapping[str, NoiseModel | None]
    epistemic_scales: Mapping[str, Mapping[str, float | None]]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `select` wrote."""
        data = json.loads(file.read_text(encoding="utf-8"))
        noise = {key: value and NoiseModel(**value) for key, value in data["noise"].items()}
        return cls(data["selected"], data["exported"], noise, data["epistemic_scales"])

    def forecast(
        self, surrogate: str, target: str, mean: np.ndarray, member_variance: np.ndarray
    ) -> Forecast | None:
        """The predictive distribution around a prediction; None where it is not estimable.

        Args:
            surrogate: Who predicts.
            target: What.
            mean: float64 [n] on the target's scale.
            member_variance: float64 [n], unbiased variance of the members.
        """
        noise, scale = self.noise[target], self.epistemic_scales[surrogate][target]
        if noise is None or scale is None:
            return None
        return Forecast(mean, noise_std(noise, mean), np.sqrt(scale * member_variance))


@dataclass(frozen=True)
class SelectionOutputs:
    """Files that `select` writes.

    Attributes:
        scores: Out-of-fold scores of all surrogates, parquet.
        candidates: Error and cost of all surrogates, CSV.
        selection: The decision, JSON.
    """

    scores: Path
    candidates: Path
    selection: Path


def select(
    space: SearchSpace,
    development_file: Path,
    record_files: Mapping[tuple[str, str], Path],
    query_budget_us: float,
    outputs: SelectionOutputs,
    exported: Mapping[str, str] | None = None,
) -> None:
    """Score all surrogates out-of-fold, select one, fit the noise and calibrate.

    Args:
        space: Where the architectures are from.
        development_file: The development part.
        record_files: Records of the fit stage by (surrogate, target).
        query_budget_us: Most nominal microseconds that a query of the selected one may cost.
        outputs: What is written.
        exported: Surrogates by their names in the benchmark; None for all, under their own.

    Raises:
        SurrogateError: No surrogate is within the budget.
    """
    targets = dict.fromkeys(target for _, target in record_files)
    labels = {target: read_labels(development_file, TARGETS[target]) for target in targets}
    predictions = {
        key: OutOfFold.read(file.with_suffix(".parquet")) for key, file in record_files.items()
    }
    candidates, sampled = _candidates(space, labels[SELECTION_TARGET], predictions, record_files)
    names = exported_surrogates(exported, candidates)
    candidates["exported"] = candidates["surrogate"].isin(names.values())
    _set_behind_best(candidates, sampled, query_budget_us)
    selected = choose(candidates[candidates["exported"]], query_budget_us)
    candidates["selected"] = candidates["surrogate"] == selected
    noise, scales = _calibrated(selected, labels, predictions)
    selection = Selection(selected, names, noise, scales)
    table = pd.concat(
        _target_scores(target, truth, predictions, selection) for target, truth in labels.items()
    )
    with atomic_path(outputs.scores) as temporary:
        table.to_parquet(temporary, index=False)
    with atomic_path(outputs.candidates) as temporary:
        candidates.round(6).to_csv(temporary, index=False)
    write_text(outputs.selection, json.dumps(asdict(selection), indent=1) + "\n")
    _LOG.info("out-of-fold scores\n%s", format_scores(table))
    _LOG.info("candidates\n%s", candidates.to_string(index=False))


def _candidates(
    space: SearchSpace,
    labels: Labels,
    predictions: Mapping[tuple[str, str], OutOfFold],
    record_files: Mapping[tuple[str, str], Path],
) -> tuple[pd.DataFrame, np.ndarray]:
    """A row per surrogate with its error and cost; and errors of bootstrap samples."""
    names = [surrogate for surrogate, target in record_files if target == SELECTION_TARGET]
    models = [read_model(record_files[name, SELECTION_TARGET]) for name in names]
    squares = np.column_stack(
        [(predictions[name, SELECTION_TARGET].mean - labels.values) ** 2 for name in names]
    )
    errors = np.sqrt(squares.mean(axis=0))
    rng = np.random.default_rng(0)
    samples = rng.integers(len(squares), size=(BOOTSTRAPS, len(squares)))
    sampled = np.sqrt(squares[samples].mean(axis=1))
    costs = [query_cost(model) for model in models]
    table = pd.DataFrame(
        {
            "surrogate": names,
            "rmse": errors,
            "node_visits": [round(cost.node_visits) for cost in costs],
            "multiply_adds": [cost.multiply_adds for cost in costs],
            "encodings": [" ".join(cost.encodings) for cost in costs],
            "nominal_us": [cost.nominal_us for cost in costs],
            "measured_us": measure_query_us(models, space),
        }
    )
    return table, sampled


def _set_behind_best(candidates: pd.DataFrame, sampled: np.ndarray, query_budget_us: float) -> None:
    """Add how far each is behind the best one that may be chosen, and the standard error of that.

    Paired: what makes all of them err on the same architectures tells nothing between them.
    """
    errors = candidates["rmse"].to_numpy()
    eligible = candidates["exported"] & (candidates["nominal_us"] <= query_budget_us)
    best = int(np.argmin(np.where(eligible, errors, np.inf)))
    behind = sampled - sampled[:, [best]]
    candidates.insert(2, "behind_best", errors - errors[best])
    candidates.insert(3, "standard_error", behind.std(axis=0, ddof=1))


def choose(candidates: pd.DataFrame, query_budget_us: float) -> str:
    """The cheapest within one standard error of the best, among those within the budget.

    Args:
        candidates: Columns surrogate, rmse, nominal_us and standard_error: of the difference to
            the best within the budget, paired by architecture.
        query_budget_us: Most nominal microseconds of a query.

    Raises:
        SurrogateError: No surrogate is within the budget.
    """
    affordable = candidates[candidates["nominal_us"] <= query_budget_us]
    if affordable.empty:
        cheapest = candidates.loc[candidates["nominal_us"].idxmin()]
        raise SurrogateError(
            f"surrogates.query_budget_us: {query_budget_us:g} is less than a query of any "
            f"surrogate costs; the cheapest is {cheapest['surrogate']} with "
            f"{cheapest['nominal_us']:.0f}"
        )
    behind = affordable["rmse"] - affordable["rmse"].min()
    close = affordable[behind <= affordable["standard_error"]]
    return str(close.sort_values(["nominal_us", "rmse"], kind="stable")["surrogate"].iloc[0])


def _calibrated(
    selected: str,
    labels: Mapping[str, Labels],
    predictions: Mapping[tuple[str, str], OutOfFold],
) -> tuple[dict[str, NoiseModel | None], dict[str, dict[str, float | None]]]:
    """Noise by target, epistemic scales by surrogate and target."""
    noise = {
        target: fit_noise(truth, predictions[selected, target].mean)
        for target, truth in labels.items()
    }
    scales: dict[str, dict[str, float | None]] = {}
    for (surrogate, target), predicted in predictions.items():
        scale = _epistemic_scale(labels[target], predicted, noise[target])
        scales.setdefault(surrogate, {})[target] = scale
    return noise, scales


def _target_scores(
    target: str,
    truth: Labels,
    predictions: Mapping[tuple[str, str], OutOfFold],
    selection: Selection,
) -> pd.DataFrame:
    own = {surrogate: p for (surrogate, t), p in predictions.items() if t == target}
    return scores_of(
        target,
        "out_of_fold",
        truth,
        {surrogate: (p.mean, p.member_variance) for surrogate, p in own.items()},
        truth,
        selection,
    )


def scores_of(
    target: str,
    part: str,
    truth: Labels,
    predictions: Mapping[str, tuple[np.ndarray, np.ndarray]],
    development: Labels,
    selection: Selection,
) -> pd.DataFrame:
    """All scores of one target: of the predicted means, and of the predictive distributions.

    Args:
        target: What is predicted.
        part: "out_of_fold" or "test".
        truth: What is true.
        predictions: By surrogate, mean and variance of the members, each float64 [n].
        development: Labels whose replicates give the ceilings' noise.
        selection: Noise and calibration.
    """
    means = {surrogate: mean for surrogate, (mean, _) in predictions.items()}
    forecasts = {
        surrogate: forecast
        for surrogate, (mean, variance) in predictions.items()
        if (forecast := selection.forecast(surrogate, target, mean, variance)) is not None
    }
    scores = score_table(TARGETS[target], part, truth, means, development.replicates)
    if not forecasts:
        return scores
    return pd.concat([scores, calibration_table(TARGETS[target], part, truth, forecasts)])


def _epistemic_scale(
    labels: Labels, predicted: OutOfFold, noise: NoiseModel | None
) -> float | None:
    if noise is None:
        return None
    label_variances = noise_std(noise, predicted.mean) ** 2 / labels.seeds
    residuals = np.asarray(labels.values - predicted.mean)
    return fit_epistemic_scale(residuals, label_variances, predicted.member_variance)
