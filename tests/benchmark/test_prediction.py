"""How a prediction prints."""

from nasforge.benchmark import Prediction


def test_a_prediction_reads_well() -> None:
    prediction = Prediction(
        val_accuracy=0.914215678,
        test_accuracy=None,
        noise_std=0.0021,
        epistemic_std=0.00104,
        train_time_s=5432.123,
        params=3412345,
        macs=None,
    )
    assert repr(prediction) == (
        "Prediction(val_accuracy=0.9142, noise_std=0.0021, epistemic_std=0.0010, "
        "train_time_s=5432.1, params=3_412_345)"
    )


def test_short_times_keep_their_digits() -> None:
    prediction = Prediction(1.0, 0.5, None, None, 0.25, None, 12)
    assert repr(prediction) == (
        "Prediction(val_accuracy=1.0000, test_accuracy=0.5000, train_time_s=0.2500, macs=12)"
    )
