"""numba: when it is used, kept and left out, and that threads and forks may query."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nasforge
from nasforge.accelerator import kernels, numpy_alone
from nasforge.space import DARTS

FOREST = "nasforge.benchmark.predictors.forest_kernels"
pytest.importorskip("numba")

FIT = """
import sys, threading, os
import numpy as np
from nasforge.accelerator import kernels
from nasforge.benchmark.predictors import ForestPredictor
from nasforge.space import DARTS

def forest():  # 40 trees of two leaves on the features of DARTS
    rng = np.random.default_rng(0)
    first = 3 * np.arange(40)
    feature, left, right = (np.zeros(120, np.int32) for _ in range(3))
    feature[first] = rng.integers(290, size=40)
    left[:] = right[:] = np.arange(120)
    left[first], right[first] = first + 1, first + 2
    value = rng.normal(size=120)
    value[first] = 0
    return ForestPredictor(feature, np.ones(120), left, right, value, first.astype(np.int32),
                           np.zeros(1, np.int32), np.zeros(1))

genotypes = [DARTS.sample(np.random.default_rng(i)) for i in range(70)]
def answer(predictor, n):
    return predictor.predict(DARTS.encode(genotypes[:n], "graph_features")).tolist()
"""


def run(code: str, **environment: str) -> str:
    """Standard output of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FIT + code],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(filter(None, sys.path)),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_numpy_alone_ends_with_its_block() -> None:
    assert kernels(FOREST) is not None
    with numpy_alone(), pytest.raises(ZeroDivisionError), numpy_alone():
        raise ZeroDivisionError(kernels(FOREST))
    with numpy_alone():
        assert kernels(FOREST) is None
    assert kernels(FOREST) is not None


def test_the_environment_switches_numba_off() -> None:
    code = "answer(forest(), 3); print('numba' in sys.modules)"
    assert run(code, NASFORGE_NUMBA="0") == "False"
    assert run(code) == "True"


@pytest.mark.parametrize("surrogate", ["blend", "forest", "gin", "linear"])
def test_the_released_benchmark_answers_the_same_without_numba(surrogate: str) -> None:
    bench = nasforge.load("darts-cifar10-cpu-v1", surrogate)
    rng = np.random.default_rng(9)
    genotypes = [DARTS.sample(rng) for _ in range(200)]
    few = [genotypes[:1], genotypes[1:8], genotypes[8:31], genotypes[31:55]]  # other kernels
    for group in (*few, genotypes):
        compiled = bench.query_many(group, noise_seed=4), bench.curve_many(group)
        with numpy_alone():
            reference = bench.query_many(group, noise_seed=4), bench.curve_many(group)
        assert compiled[0].keys() == reference[0].keys()
        for field, values in reference[0].items():
            # Differences between members are smaller than they are, and so rounded more.
            rtol = 1e-5 if field == "epistemic_std" else 1e-6
            np.testing.assert_allclose(compiled[0][field], values, rtol, err_msg=field)
        np.testing.assert_allclose(compiled[1], reference[1], rtol=1e-6)


def test_numba_is_not_imported_before_a_query() -> None:
    code = "from nasforge.benchmark.fingerprint import encoding_fingerprint\n"
    code += "encoding_fingerprint(DARTS, 'graph_features'); print('numba' in sys.modules)"
    assert run(code) == "False"


@pytest.mark.slow
def test_a_second_process_finds_what_the_first_compiled(tmp_path: Path) -> None:
    code = f"""
answer(forest(), 1)
stats = kernels("{FOREST}").one_by_one.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == "0 1"
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == "1 0"


@pytest.mark.slow
def test_without_a_place_for_its_cache_numba_still_answers(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code = "print(answer(forest(), 2)[0] == answer(forest(), 1)[0])"
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache")) == "True"


def test_a_numba_that_cannot_be_imported_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 2.0 or less')")
    code = f"""
import warnings
sys.path.insert(0, {str(tmp_path)!r})
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    answer(forest(), 3), answer(forest(), 3)
print(*{{str(warning.message) for warning in caught}})
"""
    assert run(code).startswith("numba is installed but cannot be imported (Numba needs NumPy 2.0")


@pytest.mark.slow
def test_threads_that_start_together_get_the_same_answers(tmp_path: Path) -> None:
    # With an empty cache, so that all of them come to compile the same kernels.
    code = """
predictor, found = forest(), []
threads = [threading.Thread(target=lambda n=n: found.append((n, answer(predictor, n))))
           for n in (1, 3, 70, 1, 3, 70)]
for thread in threads: thread.start()
for thread in threads: thread.join()
rows = answer(forest(), 70)
print(len(found), all(np.allclose(a, rows[:n], rtol=1e-12, atol=0) for n, a in found))
"""
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == "6 True"


def test_a_fork_may_query_before_and_after_its_parent_did() -> None:
    code = """
predictor = forest()
def child():
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    rows = answer(forest(), 70)
    os._exit(7 if np.isfinite(rows).all() and answer(predictor, 1)[0] == answer(predictor, 2)[0]
             else 1)
print(child(), len(answer(predictor, 70)), child())
"""
    assert run(code) == "7 70 7"
