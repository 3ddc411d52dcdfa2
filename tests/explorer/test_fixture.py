"""What the JavaScript's own tests compare with is what nasforge answers today."""

import json

import explorer_fixture
import numpy as np
from explorer_container import unpack

WITH_NETWORKS = ("gin", "mlp", "blend")
FLOAT32 = 1e-7
"""Networks add in single precision, in an order that differs between processors."""


def test_the_fixture_is_up_to_date() -> None:
    written = json.loads(explorer_fixture.FILE.read_text(encoding="utf-8"))
    for old, new in zip(written, explorer_fixture.cases(), strict=True):
        assert old["surrogate"] == new["surrogate"]
        # The compressed bytes may differ between versions of zlib.
        assert _listed(unpack(old["packed"])) == _listed(unpack(new["packed"]))
        for before, now in zip(old["answers"], new["answers"], strict=True):
            assert before["architecture"] == now["architecture"]
            rtol = FLOAT32 if old["surrogate"] in WITH_NETWORKS else 1e-9
            np.testing.assert_allclose(before["curve"], now["curve"], rtol=rtol)
            for target, value in before["targets"].items():
                np.testing.assert_allclose(value, now["targets"][target], rtol=rtol)


def _listed(content: object) -> str:
    return json.dumps(content, default=lambda array: array.tolist())
