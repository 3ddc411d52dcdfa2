"""Building the engine: cache, locks, errors."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nasforge.training.native import build
from nasforge.training.native.build import NativeEngineError, find_compiler, library_path

try:
    find_compiler()
except NativeEngineError as error:
    pytest.skip(str(error), allow_module_level=True)

CROSS_COMPILER = "aarch64-linux-gnu-g++"

QUICK_BUILD = """
import sys
from nasforge.training.native import build
build.FLAGS = ("-std=c++17", "-O0", "-shared", "-fPIC")
sys.stdout.write(str(build.library_path()))
"""


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, in this process and those it starts."""
    monkeypatch.setenv("NASFORGE_CACHE_DIR", str(tmp_path / "cache"))
    library_path.cache_clear()
    yield tmp_path / "cache"
    library_path.cache_clear()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A place for a compiler that is none."""
    path = tmp_path / "compiler"
    path.touch(mode=0o755)
    return path


def test_two_processes_build_one_library(fresh: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", QUICK_BUILD], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    one, other = (process.communicate(timeout=120)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert one == other
    assert [path.name for path in (fresh / "native").glob("*.so")] == [Path(one).name]
    assert not list((fresh / "native").glob("*.tmp"))


def test_a_library_that_is_there_is_not_built_again(
    fresh: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The compiler is part of the name, so the one that cannot compile makes the name.
    script.write_text('#!/bin/sh\ntest "$1" = --version && echo 1.0\n')
    monkeypatch.setenv("CXX", str(script))
    path = fresh / "native" / f"engine-{build._digest(find_compiler(), 'native')}.so"
    path.parent.mkdir(parents=True)
    path.touch()
    assert library_path() == path


def test_the_name_depends_on_everything_that_decides_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiler = find_compiler()
    names = {build._digest(compiler, "native"), build._digest(compiler, "x86-64")}
    names.add(build._digest((*compiler, "-g"), "native"))
    with monkeypatch.context() as context:
        context.setattr(build, "FLAGS", (*build.FLAGS, "-DX"))
        names.add(build._digest(compiler, "native"))
    with monkeypatch.context() as context:
        context.setattr(build, "_processor", lambda: "another")
        names.add(build._digest(compiler, "native"))
    assert len(names) == 5


def test_no_compiler(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NativeEngineError, match="no C") as caught:
        library_path()
    assert "\n" not in str(caught.value)
    assert "train with PyTorch" in str(caught.value)


@pytest.mark.parametrize("name", ["c++", "g++", "clang++"])
def test_compilers_are_found_by_name(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    script.rename(tmp_path / name)
    assert find_compiler() == (name,)


def test_cxx_may_have_arguments(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", f"{script} -pipe")
    assert find_compiler() == (str(script), "-pipe")


def test_a_compiler_that_fails(fresh: Path, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text(
        "#!/bin/sh\necho 'In file x.h:' >&2\necho 'x.h:1: error: too old' >&2\nexit 1\n"
    )
    monkeypatch.setenv("CXX", str(script))
    with pytest.raises(NativeEngineError, match=r"x\.h:1: error: too old; set CXX") as caught:
        library_path()
    assert "\n" not in str(caught.value)
    assert not list((fresh / "native").glob("*.so"))
    assert not list((fresh / "native").glob("*.tmp"))


def test_a_cache_folder_that_cannot_be_written(
    tmp_path: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NASFORGE_CACHE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(NativeEngineError, match="set NASFORGE_CACHE_DIR"):
        library_path()


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("NASFORGE_CACHE_DIR", raising=False)
    assert build.cache_folder() == Path("/home/ada/.cache/nasforge")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert build.cache_folder() == Path("/cache/nasforge")
    monkeypatch.setenv("NASFORGE_CACHE_DIR", "/scratch")
    assert build.cache_folder() == Path("/scratch")


def compiled(*command: str) -> subprocess.CompletedProcess[str]:
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"]
    return subprocess.run(
        [*command, *strict, str(build.SOURCES / "engine.cpp")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sources_compile_without_a_warning() -> None:
    run = compiled(*find_compiler(), "-fsyntax-only")
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(shutil.which(CROSS_COMPILER) is None, reason=f"no {CROSS_COMPILER} installed")
def test_the_sources_compile_for_aarch64(tmp_path: Path) -> None:
    library = tmp_path / "engine.so"
    run = compiled(CROSS_COMPILER, "-march=armv8-a", *build.FLAGS, "-o", str(library))
    assert run.returncode == 0, run.stderr
    machine = int.from_bytes(library.read_bytes()[18:20], "little")  # e_machine of ELF
    assert machine == 183  # EM_AARCH64
