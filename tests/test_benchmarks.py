"""Benchmarks stay in step with the code that they measure."""

import subprocess
import sys
from pathlib import Path

import pytest

import nasforge
from nasforge.space import DARTS

FOLDER = Path(__file__).parents[1] / "benchmarks"
SHARED = ("published.py", "turns.py")
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name not in SHARED)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_starts_and_says_what_it_does(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {script.name}")


def test_query_speed_measures_a_benchmark_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import query_speed

    genotypes, labels = query_speed.simulated(0)
    models = {name: query_speed.fitted(name, genotypes, labels) for name in ("linear",)}
    bench = nasforge.load(query_speed.frozen(tmp_path, models))
    asked = [DARTS.parse(bench.manifest.best_known["architecture"])] * 3
    one = query_speed.time_single(bench, asked, {}, rounds=1)
    many = query_speed.time_many(bench, asked, {}, rounds=1)
    assert min(one.values()) > 0.0
    assert min(many.values()) > 0.0
