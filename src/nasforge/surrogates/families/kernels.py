"""Support vector machines and Gaussian processes, as arrays.

>>> fit_gaussian_process(features, labels, seed=0)
"""

import numpy as np
from scipy import linalg, optimize
from sklearn.svm import SVR, NuSVR

from nasforge.benchmark.predictors.kernel import KERNELS, KernelPredictor, similarity
from nasforge.surrogates.families.family import centre_and_unit

LIKELIHOOD_ROWS = 400
"""Enough rows for three numbers, and few enough that finding them takes a moment."""

_MATERN = KERNELS.index("matern52")


def fit_epsilon_svr(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    c: float = 1.0,
    epsilon: float = 0.2,
    width: float = 1.0,
) -> KernelPredictor:
    """Support vector regression with an epsilon-insensitive loss and an RBF kernel.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Not needed; the solution is exact.
        c: Penalty of errors, labels standardised.
        epsilon: Errors that cost nothing, in standard deviations of the labels.
        width: Of the kernel, in units of sqrt(d), features standardised.
    """
    gamma = 0.5 / width**2
    return _fit_svr(SVR(C=c, epsilon=epsilon, gamma=1.0), features, labels, gamma)


def fit_nu_svr(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    c: float = 1.0,
    nu: float = 0.5,
    width: float = 1.0,
) -> KernelPredictor:
    """Support vector regression in which about a part `nu` of the rows are support vectors.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Not needed; the solution is exact.
        c: Penalty of errors, labels standardised.
        nu: Part of the rows that may err.
        width: Of the kernel, in units of sqrt(d), features standardised.
    """
    gamma = 0.5 / width**2
    return _fit_svr(NuSVR(C=c, nu=nu, gamma=1.0), features, labels, gamma)


def fit_gaussian_process(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    largest: int = 1500,
) -> KernelPredictor:
    """The mean of a Gaussian process with a Matern 5/2 kernel (Rasmussen & Williams, 2006).

    Signal, noise and one length scale maximise the marginal likelihood of `LIKELIHOOD_ROWS` rows.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of the rows that are kept when there are too many.
        largest: Rows that a member keeps at most; time grows with their cube.
    """
    kept = np.random.default_rng(seed).permutation(len(labels))[:largest]
    features, labels = features[kept], labels[kept]
    centre, unit = centre_and_unit(labels)
    scale = _column_scale(features)
    rows, y = features * scale, (labels - centre) / unit
    parameters = _most_likely(rows[:LIKELIHOOD_ROWS], y[:LIKELIHOOD_ROWS])
    factor = linalg.cho_factor(_covariance(rows, parameters), lower=True)
    length, signal, _ = parameters
    return KernelPredictor(
        rows=features.astype(np.float32),
        dual=linalg.cho_solve(factor, y) * signal * unit,
        first_row=np.zeros(1, dtype=np.int32),
        scale=(scale / length)[None, :],
        kernel=np.array([_MATERN], dtype=np.int32),
        bias=np.array([centre]),
    )


def _most_likely(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Length scale, signal variance and noise variance of the highest marginal likelihood."""

    def loss(logarithms: np.ndarray) -> float:
        factor, _ = linalg.cho_factor(_covariance(rows, np.exp(logarithms)), lower=True)
        white = linalg.solve_triangular(factor, y, lower=True)
        return float(0.5 * white @ white + np.log(np.diag(factor)).sum())

    # Three numbers: a method without gradients is fast enough and cannot be wrong about them.
    fit = optimize.minimize(
        loss,
        np.log([1.0, 1.0, 0.3]),
        method="Powell",
        bounds=np.log([(0.1, 30.0), (0.05, 20.0), (1e-3, 3.0)]),
        options={"maxfev": 80, "xtol": 0.01},
    )
    return np.exp(fit.x)


def _covariance(rows: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    length, signal, noise = parameters
    scaled = rows / length
    return signal * similarity(_MATERN, scaled, scaled) + noise * np.eye(len(rows))


def _fit_svr(
    model: SVR | NuSVR, features: np.ndarray, labels: np.ndarray, gamma: float
) -> KernelPredictor:
    centre, unit = centre_and_unit(labels)
    # The kernel exp(-d^2 / 2) of rows scaled by sqrt(2 gamma) is exp(-gamma d^2).
    scale = _column_scale(features) * np.sqrt(2.0 * gamma)
    standard = features * scale / np.sqrt(2.0)
    model.fit(standard, (labels - centre) / unit)
    support, dual = model.support_, model.dual_coef_[0] * unit
    if not len(support):  # labels that are all the same
        support, dual = np.zeros(1, dtype=int), np.zeros(1)
    return KernelPredictor(
        rows=features[support].astype(np.float32),
        dual=dual,
        first_row=np.zeros(1, dtype=np.int32),
        scale=scale[None, :],
        kernel=np.zeros(1, dtype=np.int32),
        bias=np.array([centre + unit * float(model.intercept_[0])]),
    )


def _column_scale(features: np.ndarray) -> np.ndarray:
    """float64 [d]: standardises columns and takes the mean over them; 0 for constant columns."""
    std = features.std(axis=0, dtype=np.float64)
    varies = std > 1e-8
    scale = np.zeros(len(std))
    scale[varies] = 1.0 / (std[varies] * np.sqrt(max(1, varies.sum())))
    return scale
