"""What the JavaScript's own tests compare with is what nasforge answers today."""

import json

import explorer_fixture
import numpy as np
from explorer_container import unpack

PROMISED = 1e-6
"""To which a benchmark answers the same on every platform (docs/format.md)."""


def test_the_fixture_is_up_to_date() -> None:
    written = json.loads(explorer_fixture.FILE.read_text(encoding="utf-8"))
    for old, new in zip(written, explorer_fixture.cases(), strict=True):
        assert old["surrogate"] == new["surrogate"]
        # The compressed bytes may differ between versions of zlib.
        assert _listed(unpack(old["packed"])) == _listed(unpack(new["packed"]))
        for before, now in zip(old["answers"], new["answers"], strict=True):
            assert before["architecture"] == now["architecture"]
            np.testing.assert_allclose(before["curve"], now["curve"], rtol=PROMISED)
            for target, value in before["targets"].items():
                np.testing.assert_allclose(value, now["targets"][target], rtol=PROMISED)


def _listed(content: object) -> str:
    return json.dumps(content, default=lambda array: array.tolist())
