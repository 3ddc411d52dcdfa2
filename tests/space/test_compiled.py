"""Compiled encodings are the reference's, to the last bit."""

import numpy as np
import pytest

from nasforge.accelerator import kernels, numpy_alone
from nasforge.space import DARTS

pytestmark = pytest.mark.skipif(
    kernels("nasforge.space.darts.feature_kernels") is None, reason="numba is not installed"
)


@pytest.mark.parametrize("n", [1, 500])
@pytest.mark.parametrize("encoding", DARTS.encodings)
def test_numba_changes_no_bit(encoding: str, n: int) -> None:
    rng = np.random.default_rng(n)
    genotypes = [DARTS.sample(rng) for _ in range(n)]
    compiled = DARTS.encode(genotypes, encoding)
    with numpy_alone():
        reference = DARTS.encode(genotypes, encoding)
    np.testing.assert_array_equal(compiled, reference)
    assert compiled.dtype == np.float32
