"""Noise and disagreement: the aleatoric model from replicates, the epistemic calibration.

    >>> noise = fit_noise(labels, predictions)
    >>> scale = fit_epistemic_scale(residuals, label_variances, member_variances)

Aleatoric is the variance between trainings of one architecture. Epistemic is the variance of the
error of the predicted mean, taken to be a multiple c of the members' variance.
"""

import numpy as np
from scipy import optimize

from nasforge.benchmark.entries import NoiseModel
from nasforge.surrogates.labels import Labels

MINIMUM_REPLICATED = 3
"""Fewer replicated architectures say nothing usable of the noise."""

MINIMUM_FOR_SLOPE = 50
"""With fewer replicated architectures the noise is taken to be constant."""

LARGEST_SCALE = 1000.0
"""Members whose variance is a thousandth of the error's are no measure of it."""

LIKELIHOOD_RATIO = 3.84
"""95 % quantile of chi-square with one degree of freedom: the slope must earn its place."""


def fit_noise(labels: Labels, predictions: np.ndarray) -> NoiseModel | None:
    """Fit log variance = a + b * prediction by maximum likelihood.

    Args:
        labels: Development labels.
        predictions: float64 [n], out-of-fold predictions on the target's scale.

    Returns:
        The model, with b = 0 unless it is significant; None with too few replicates or if all
        replicates agree exactly.
    """
    replicates = labels.replicates
    variance = replicates.pooled_variance()
    if len(replicates) < MINIMUM_REPLICATED or not variance > 0:
        return None
    freedom, sample = replicates.counts - 1, replicates.variances
    x = predictions[labels.seeds > 1]

    def loss(parameters: np.ndarray) -> float:
        log_variance = parameters[0] + parameters[1] * (x - x.mean())
        return float(freedom @ (log_variance + sample * np.exp(-log_variance)) / 2.0)

    constant = np.array([np.log(variance), 0.0])
    intercept, slope = constant
    if len(replicates) >= MINIMUM_FOR_SLOPE and x.std() > 0:
        # The slope is fitted per standard deviation of x, to be of the intercept's size.
        fit = optimize.minimize(lambda p: loss([p[0], p[1] / x.std()]), constant)
        if 2.0 * (loss(constant) - fit.fun) > LIKELIHOOD_RATIO:
            slope = fit.x[1] / x.std()
            intercept = fit.x[0] - slope * x.mean()
    return NoiseModel(float(intercept), float(slope), len(replicates), int(replicates.counts.sum()))


def fit_epistemic_scale(
    residuals: np.ndarray,
    label_variances: np.ndarray,
    member_variances: np.ndarray,
) -> float | None:
    """Estimate c in E[residual^2] = label variance + c * member variance.

    By moments: a variance of few members is itself so noisy that maximum likelihood, which weighs
    each residual by it, would overestimate c many times over.

    Args:
        residuals: float64 [n], labels minus out-of-fold predictions.
        label_variances: float64 [n], noise variance of each label (over its seeds).
        member_variances: float64 [n], unbiased variance of the held-out members.

    Returns:
        c: 0 if the residuals are no larger than the noise of the labels; None if the members differ
            too little to be scaled to the error they make.
    """
    excess = max(0.0, float((residuals**2 - label_variances).mean()))
    disagreement = float(member_variances.mean())
    if excess == 0.0:
        return 0.0
    return excess / disagreement if excess < LARGEST_SCALE * disagreement else None
