"""What docs/format.md promises: a benchmark of format version 1 loads and answers as it did.

`data/every-kind-v1.zip` was written on 2026-11-24 and is never written again: if a test fails, the
code is wrong, or `format_version` must be raised. Files of later versions are put beside it.
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import nasforge
from nasforge.accelerator import numpy_alone
from nasforge.benchmark.selftest import verify
from nasforge.space import DARTS

FILE = Path(__file__).parent / "data" / "every-kind-v1.zip"
SHA256 = "de3d4b787f85ad58559bfb594268ba6fb9e381b1ebfd3ef9373253911ca4c493"
TEXT = (
    "normal:dil_conv_3x3@0+sep_conv_5x5@1/sep_conv_3x3@0+avg_pool_3x3@1/skip_connect@1+"
    "max_pool_3x3@3/max_pool_3x3@1+max_pool_3x3@4-reduce:dil_conv_5x5@0+sep_conv_3x3@1/"
    "sep_conv_5x5@1+dil_conv_5x5@2/dil_conv_3x3@0+sep_conv_5x5@2/sep_conv_3x3@2+sep_conv_3x3@4"
)
DRAWS = {  # val_accuracy, test_accuracy, train_time_s, epistemic_std with noise_seed 1
    "linear": (0.8378357111298119, 0.7738197745422067, 18.38843308700856, 0.10624540455259533),
    "forest": (0.7748840954456181, 0.7742962455441547, 20.054058606885206, 0.000116637918466),
    "kernel": (0.7882082309926746, 0.7498871184022605, 16.030692058007585, 0.05149687118698229),
    "gin": (0.800581778991701, 0.7670637508630896, 20.33919241404443, 0.006795308715326047),
    "mlp": (0.758713872367408, 0.7676299328687101, 18.435140904844435, 0.007047556917816937),
    "blend": (0.8167349760488222, 0.7671771229193324, 18.440135235068492, 0.04486192065349901),
}
CURVE = [0.5548582538978293, 0.6830405883238857, 0.7510749880797327, 0.8240221698104921]


def test_the_file_is_as_it_was() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256


def test_all_surrogates_answer_the_self_test_as_they_did() -> None:
    assert len(verify(FILE, DARTS)) == len(DRAWS)


@pytest.mark.parametrize("accelerated", [True, False])
@pytest.mark.parametrize("surrogate", DRAWS)
def test_draws_are_what_they_were(surrogate: str, accelerated: bool) -> None:
    bench = nasforge.load(FILE, surrogate)
    names = ("val_accuracy", "test_accuracy", "train_time_s", "epistemic_std")
    if accelerated:
        prediction = bench.query(TEXT, noise_seed=1)
    else:
        with numpy_alone():
            prediction = bench.query(TEXT, noise_seed=1)
    for name, value in zip(names, DRAWS[surrogate], strict=True):
        # A difference of two members amplifies their rounding.
        tolerance = 1e-4 if name == "epistemic_std" else 1e-6
        assert getattr(prediction, name) == pytest.approx(value, rel=tolerance), name
    assert (prediction.params, prediction.macs) == (12522, 146496)


def test_learning_curves_are_what_they_were() -> None:
    np.testing.assert_allclose(nasforge.load(FILE).curve(TEXT), CURVE, rtol=1e-6)
