"""JSON with arrays as text."""

import numpy as np
import pytest
from explorer_container import unpack
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nasforge.explorer.container import TYPES, pack


@given(
    st.lists(
        st.sampled_from(sorted(TYPES)).flatmap(
            lambda name: hnp.arrays(name, hnp.array_shapes(min_side=0, max_side=3))
        )
    )
)
def test_arrays_are_read_back(arrays: list[np.ndarray]) -> None:
    content = unpack(pack({"name": "ä</script>", "arrays": arrays}))
    assert content["name"] == "ä</script>"
    for array, read in zip(arrays, content["arrays"], strict=True):
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


def test_the_same_content_gives_the_same_text() -> None:
    content = {"x": np.arange(3, dtype=np.uint8), "y": [1, None, "a"]}
    assert pack(content) == pack(content)


def test_what_json_lacks_is_null() -> None:
    assert unpack(pack({"x": [float("nan"), float("inf"), 1.5]})) == {"x": [None, None, 1.5]}


def test_numbers_that_javascript_cannot_hold_are_refused() -> None:
    with pytest.raises(TypeError, match="an array of int64 cannot be packed"):
        pack({"x": np.arange(3, dtype=np.int64)})
