"""What would be uploaded: the wheel queries with numpy alone, and the source has what it must."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny_benchmark import ARCHITECTURE, TARGETS, write_benchmark

import nasforge
from nasforge.training.native.build import NativeEngineError, library_path

ROOT = Path(__file__).parents[1]
RELEASED = "darts-cifar10-cpu-v1"
LARGEST = 8 * 2**20
"""Bytes that an upload may have."""

QUERY = """
import sys
import nasforge
print(nasforge.load(sys.argv[1]).query(sys.argv[2]).val_accuracy)
print(*{"torch", "pandas", "scipy", "pyarrow", "sklearn"} & set(sys.modules))
"""
COMPILE = "from nasforge.training.native import build; print(build.library_path())"

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path | None = None, code: int = 0, **variables: str) -> str:
    """Output of a command, or its errors if it has to fail; it finds what is installed alone."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source distribution, built from a copy of the repository."""
    if find_spec("build") is None:
        pytest.skip("build is not installed: pip install -e '.[dev]'")
    copy = tmp_path_factory.mktemp("source") / "nasforge"
    unneeded = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "results", "site", "build")
    shutil.copytree(ROOT, copy, ignore=unneeded)
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, copy)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def python(uploads: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that has the wheel and numpy, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    packages = Path(run(python, "-c", "import site; print(site.getsitepackages()[0])").strip())
    numpy = distribution("numpy")
    for name in {file.parts[0] for file in numpy.files} - {".."}:
        (packages / name).symlink_to(numpy.locate_file(name))
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", uploads[0])
    run(*pip, "check")
    listed = run(*pip, "list", "--format", "freeze").split()
    assert {line.split("==")[0] for line in listed} == {"nasforge", "numpy"}
    return python


def test_the_wheel_queries_with_numpy_alone(python: Path, tmp_path: Path) -> None:
    frozen = write_benchmark(tmp_path, TARGETS)
    answer, loaded = run(python, "-I", "-c", QUERY, frozen, ARCHITECTURE).splitlines()
    assert float(answer) == nasforge.load(frozen).query(ARCHITECTURE).val_accuracy
    assert loaded == ""


def test_it_brings_the_released_benchmark(python: Path) -> None:
    answer, loaded = run(python, "-I", "-c", QUERY, RELEASED, ARCHITECTURE).splitlines()
    expected = nasforge.load(RELEASED).query(ARCHITECTURE).val_accuracy
    assert float(answer) == pytest.approx(expected, rel=1e-6)
    assert loaded == ""


def test_its_command_line_answers(python: Path, tmp_path: Path) -> None:
    frozen = write_benchmark(tmp_path, TARGETS)
    program = python.parent / "nasforge"
    assert run(program, "--version", cwd=tmp_path).split() == ["nasforge", nasforge.__version__]
    assert "val_accuracy" in run(program, "query", frozen, ARCHITECTURE, cwd=tmp_path)
    run(program, "verify", frozen, cwd=tmp_path)


def test_what_an_extra_is_for_is_said(python: Path, tmp_path: Path) -> None:
    query = (python.parent / "nasforge", "query", write_benchmark(tmp_path), ARCHITECTURE)
    error = run(*query, "-o", tmp_path / "answers.parquet", code=2)
    assert "needs pyarrow: pip install 'nasforge[workflow]'" in error
    assert len(error.splitlines()) == 1


def test_the_engine_compiles_from_the_wheel(python: Path) -> None:
    try:
        ours = library_path()
    except NativeEngineError as error:
        pytest.skip(str(error))
    # Its name is the hash of its sources: were one missing, it would be another, compiled anew.
    assert run(python, "-c", COMPILE).strip() == str(ours)


def test_the_wheel_holds_the_package_alone(uploads: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(uploads[0]) as wheel:
        names = set(wheel.namelist())
    package = ROOT / "src" / "nasforge"
    expected = {
        f"nasforge/{path.relative_to(package)}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith("engine.cpp") for name in names)


def test_the_source_has_what_makes_benchmarks(uploads: tuple[Path, Path]) -> None:
    with tarfile.open(uploads[1]) as source:
        names = {Path(name).relative_to(Path(name).parts[0]) for name in source.getnames()}
    folders = ("config", "profiles", "workflow", "src")
    needed = {
        path.relative_to(ROOT)
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
    }
    files = ("Snakefile", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff")
    assert needed | {Path(name) for name in (*files, "environment.yml")} <= names
    assert not {name.parts[0] for name in names if name.parts} & {"data", "docs", "tests"}


def test_they_are_small_and_described(uploads: tuple[Path, Path]) -> None:
    assert all(upload.stat().st_size <= LARGEST for upload in uploads)
    if find_spec("twine") is None:
        pytest.skip("twine is not installed: pip install -e '.[dev]'")
    assert run(sys.executable, "-m", "twine", "check", "--strict", *uploads).count("PASSED") == 2
