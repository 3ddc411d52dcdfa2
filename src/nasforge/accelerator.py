"""numba, where it is installed: compiled versions of the slowest loops of a query.

    >>> kernels("nasforge.benchmark.predictors.forest_kernels")     # the module, or None
    >>> with numpy_alone():
    ...     bench.query(genotype)

Every kernel has a version in numpy beside it, which is the reference: the answers are the same
but for the order of sums. numba is imported at the first query, not before, and its compiled code
is kept between processes (by numba: beside our source files or, where those cannot be written, in
the user's cache folder; `NUMBA_CACHE_DIR` chooses another one).
"""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import ModuleType
from typing import Any

ENVIRONMENT = "NASFORGE_NUMBA"
"""Environment variable, read at import: 0 for numpy alone."""

_off: ContextVar[bool] = ContextVar("off", default=os.environ.get(ENVIRONMENT, "1") == "0")


@contextmanager
def numpy_alone() -> Iterator[None]:
    """Inside, this thread does without numba."""
    token = _off.set(True)
    try:
        yield
    finally:
        _off.reset(token)


def kernels(module: str) -> ModuleType | None:
    """One of our modules of compiled kernels; None if numba is missing or switched off."""
    return None if _off.get() else _import(module)


@cache
def _import(module: str) -> ModuleType | None:
    try:
        importlib.import_module("numba")
    except ModuleNotFoundError as error:
        if error.name == "numba":
            return None
        reason: Exception = error
    except Exception as error:  # it refuses versions of numpy that it does not know, and says so
        reason = error
    else:
        return importlib.import_module(module)
    warnings.warn(
        f"numba is installed but cannot be imported ({reason}); queries use numpy alone",
        RuntimeWarning,
        stacklevel=4,
    )
    return None


def compile_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, without the global lock; kept on disk where that is possible."""
    import numba

    try:
        return numba.njit(function, cache=True, nogil=True)
    except RuntimeError:  # no folder that can be written: every process compiles for itself
        return numba.njit(function, nogil=True)
