"""Which surrogates a benchmark holds."""

import pandas as pd

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.config import TREES
from nasforge.surrogates.exported import best_tree, exported_surrogates
from nasforge.surrogates.families import FAMILIES

CANDIDATES = pd.DataFrame(
    {"surrogate": ["linear", "xgboost", "lightgbm", "blend"], "rmse": [0.1, 0.3, 0.2, 0.05]}
)


def test_the_best_tree_is_no_other_family() -> None:
    assert best_tree(CANDIDATES) == "lightgbm"


def test_all_keep_their_names_unless_some_are_named() -> None:
    everyone = ["linear", "xgboost", "lightgbm", "blend"]
    assert exported_surrogates(None, CANDIDATES) == dict(zip(everyone, everyone, strict=True))
    wanted = {"forest": "best_tree", "both": "blend"}
    assert exported_surrogates(wanted, CANDIDATES) == {"forest": "lightgbm", "both": "blend"}


def test_the_config_knows_the_families_of_trees() -> None:
    trees = {name for name, family in FAMILIES.items() if family.predictor is ForestPredictor}
    assert set(TREES) == trees
