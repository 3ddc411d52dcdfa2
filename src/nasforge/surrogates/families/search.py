"""Where a family's settings may be searched for, as data.

>>> Range(0.01, 0.3, log=True), Choice((32, 64, 128))
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones if both are.

    Attributes:
        low: Smallest.
        high: Largest.
        log: Whether ratios count, not differences.
    """

    low: float
    high: float
    log: bool = False

    def with_value(self, value: float) -> "Range":
        """Widened to hold a value; where ratios count, there is no room for 0 or less."""
        if self.log and value <= 0:
            return self
        return Range(min(self.low, value), max(self.high, value), self.log)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of several values, in no order."""

    options: tuple[str | float, ...]

    def with_value(self, value: str | float) -> "Choice":
        """With one more option, unless it is there."""
        return self if value in self.options else Choice((*self.options, value))

    def __contains__(self, value: str | float) -> bool:
        return value in self.options


Search = Range | Choice

_TREES = {
    "learning_rate": Range(0.01, 0.2, log=True),
    "feature_fraction": Range(0.1, 1.0),
    "row_fraction": Range(0.5, 1.0),
}
_NETWORK = {
    "epochs": Range(20, 150, log=True),
    "batch_size": Choice((16, 32, 64)),
    "learning_rate": Range(0.0005, 0.02, log=True),
    "weight_decay": Range(0.01, 10.0, log=True),
}

SEARCH_SPACES: dict[str, dict[str, Search]] = {
    "mean": {},
    "linear": {"l2": Range(0.1, 3000.0, log=True)},
    "lightgbm": {
        **_TREES,
        "trees": Range(100, 1500, log=True),
        "leaves": Range(3, 64, log=True),
        "min_leaf": Range(2, 50, log=True),
        "l2": Range(0.01, 100.0, log=True),
    },
    "xgboost": {
        **_TREES,
        "trees": Range(100, 1500, log=True),
        "depth": Range(2, 8),
        "min_child_weight": Range(1.0, 50.0, log=True),
        "l2": Range(0.01, 100.0, log=True),
    },
    "random_forest": {"min_leaf": Range(1, 10), "feature_fraction": Range(0.05, 1.0)},
    "ngboost": {**_TREES, "trees": Range(100, 600, log=True), "depth": Range(2, 6)},
    "epsilon_svr": {
        "c": Range(0.01, 100.0, log=True),
        "epsilon": Range(0.01, 1.0, log=True),
        "width": Range(0.1, 10.0, log=True),
    },
    "nu_svr": {
        "c": Range(0.01, 100.0, log=True),
        "nu": Range(0.05, 0.95),
        "width": Range(0.1, 10.0, log=True),
    },
    # Its own settings follow from the marginal likelihood.
    "gaussian_process": {},
    "gin": {**_NETWORK, "hidden": Choice((32, 64, 128)), "layers": Range(2, 5)},
    "mlp": {
        **_NETWORK,
        "hidden": Choice((32, 64, 128)),
        "layers": Range(1, 3),
        "dropout": Range(0.0, 0.7),
    },
}
"""By family. `link` is searched for as well, in every family that has one."""
