"""What is said of architectures that no surrogate learnt from."""

import pandas as pd

from nasforge.studies.set_aside import finding

SCORE = {"metric": "r2", "n": 20, "low": 0.1, "high": 0.6}


def test_the_sentences_say_who_is_best_and_who_sees_the_fall() -> None:
    table = pd.DataFrame(
        {
            "sampler": ["parameter_free"] * 6,
            "parameter_free": [0, 0, 8, 8, 16, 16],
            "label": [0.52, 0.54, 0.54, 0.56, 0.45, 0.47],
            "linear": [0.53, 0.53, 0.54, 0.54, 0.50, 0.50],
            "gin": [0.53, 0.53, 0.55, 0.55, 0.53, 0.53],
        }
    )
    scores = pd.DataFrame(
        [
            {**SCORE, "sampler": "parameter_free", "family": "linear", "score": 0.4},
            {**SCORE, "sampler": "parameter_free", "family": "gin", "score": 0.3},
            {**SCORE, "sampler": "parameter_free", "family": "mean", "score": 0.9},
        ]
    )
    assert finding(table, scores, ["linear", "gin"]) == (
        "Of the 20 architectures of parameter_free, which no surrogate learnt from, linear "
        "predicts best: R2 0.40 [0.10, 0.60]. From the best share of parameter-free operations to "
        "16 of them trained accuracy falls by 9.0 points, predictions by 2.0 to 4.0; nearest to "
        "the truth there (0.460) is linear (0.500)."
    )


def test_other_samplers_have_no_parameter_free_operations_to_speak_of() -> None:
    table = pd.DataFrame({"sampler": ["x"], "parameter_free": [3], "label": [0.5], "gin": [0.5]})
    scores = pd.DataFrame([{**SCORE, "sampler": "x", "family": "gin", "score": 0.3}])
    assert finding(table, scores, ["gin"]).endswith("gin predicts best: R2 0.30 [0.10, 0.60].")
