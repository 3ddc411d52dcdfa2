"""One evaluation to store and read."""

import json
import math

import pytest

from nasforge.evaluations.schema import CurvePoint, Evaluation, EvaluationKey
from nasforge.space import DARTS

ARCHITECTURE = DARTS.canonical(DARTS.from_vector([0] * 22))


@pytest.fixture
def key() -> EvaluationKey:
    return EvaluationKey(
        DARTS.architecture_id(ARCHITECTURE), "d9a262e0f968fba9", "0123456789abcdef", replicate=0
    )


@pytest.fixture
def evaluation(key: EvaluationKey) -> Evaluation:
    """A good one, but for one nan."""
    return Evaluation(
        evaluation_id=key.evaluation_id,
        architecture=DARTS.format(ARCHITECTURE),
        architecture_id=key.architecture_id,
        replicate=key.replicate,
        seed=key.seed,
        recipe_id=key.recipe_id,
        dataset_id=key.dataset_id,
        evaluator=key.evaluator,
        protocol=1,
        epochs=2,
        status="ok",
        error="",
        attempts=1,
        val_accuracy=0.5,
        best_val_accuracy=0.6,
        val_loss=1.25,
        test_accuracy=math.nan,
        train_time_s=3.5,
        params=1000,
        macs=2000,
        backend="torch",
        precision="fp32",
        device="cpu",
        cpu="a processor",
        software=json.dumps({"python": "3.11"}),
        finished_at="2026-01-01T00:00:00+00:00",
        curve=(
            CurvePoint(1, 2.0, 0.25, 1.5, 0.6, 1.75),
            CurvePoint(2, 1.5, 0.5, 1.25, 0.5, 3.5),
        ),
    )
