"""Compiles the engine once per machine, into the user's cache folder.

    >>> library_path()
    PosixPath('/home/ada/.cache/nasforge/native/engine-3f0c9f5d41b7e2aa.so')

A library's name is the hash of all that decides its content, so nothing is ever out of date, and
machines with different processors can share a home folder.
"""

import fcntl
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasforge.errors import NasforgeError

SOURCES = Path(__file__).parent

FLAGS = (
    "-std=c++17",
    "-O3",
    "-shared",
    "-fPIC",
    # What -ffast-math allows, except what hides NaN and infinity or changes the whole process.
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fassociative-math",
    "-fno-signed-zeros",
    "-freciprocal-math",
    "-ffp-contract=fast",
)

OPTIONAL_FLAGS = ("-mprefer-vector-width=512", "-Wno-psabi")
"""Used if the compiler knows them; the first is for x86 alone."""

COMPILERS = ("c++", "g++", "clang++")


class NativeEngineError(NasforgeError):
    """The compiled engine cannot be built or loaded, or does not know an option of the recipe."""


@functools.cache
def library_path(architecture: str = "native") -> Path:
    """The compiled engine, built if this machine has none yet.

    Args:
        architecture: What `-march` is given: "native", or a processor family for a library that
            runs on all of its members.

    Raises:
        NativeEngineError: There is no compiler, or it fails.
    """
    compiler = find_compiler()
    folder = cache_folder() / "native"
    path = folder / f"engine-{_digest(compiler, architecture)}.so"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            if not path.exists():
                _compile(compiler, architecture, path)
    except OSError as error:
        raise NativeEngineError(
            f"{folder}: cannot write the compiled engine ({error}); set NASFORGE_CACHE_DIR to a "
            "folder that can be written"
        ) from error
    return path


def cache_folder() -> Path:
    """`$NASFORGE_CACHE_DIR`, else nasforge's folder in the user's cache."""
    if chosen := os.environ.get("NASFORGE_CACHE_DIR"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "nasforge"
    return Path.home() / ".cache" / "nasforge"


def find_compiler() -> tuple[str, ...]:
    """The command of the C++ compiler: `$CXX`, or the first of `COMPILERS` that is installed.

    Raises:
        NativeEngineError: There is none.
    """
    chosen = shlex.split(os.environ.get("CXX", ""))
    for command in [chosen, *([name] for name in COMPILERS)]:
        if command and shutil.which(command[0]):
            return tuple(command)
    raise NativeEngineError(
        f"no C++ compiler found (tried $CXX, {', '.join(COMPILERS)}); install one, set CXX to it, "
        "or train with PyTorch"
    )


def _compile(compiler: Sequence[str], architecture: str, path: Path) -> None:
    """Compile beside `path` and rename, so that `path` is never half a library."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    known = [flag for flag in OPTIONAL_FLAGS if _knows(compiler, flag)]
    command = [*compiler, f"-march={architecture}", *FLAGS, *known]
    try:
        run = _run([*command, str(SOURCES / "engine.cpp"), "-o", str(temporary)])
        if run.returncode:
            raise NativeEngineError(
                f"{compiler[0]} cannot compile the engine: {_first_error(run.stderr)}; set CXX to "
                "another compiler (GCC 9 or newer, or Clang 10 or newer), or train with PyTorch"
            )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _knows(compiler: Sequence[str], flag: str) -> bool:
    # -Werror, because Clang only warns about an option that it ignores.
    command = [*compiler, "-Werror", flag, "-x", "c++", "-fsyntax-only", os.devnull]
    return _run(command).returncode == 0


def _first_error(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[0] if lines else "no message")


def _digest(compiler: Sequence[str], architecture: str) -> str:
    """Hash of sources, compiler, flags and processor."""
    sha = hashlib.sha256()
    for path in sorted([*SOURCES.glob("*.h"), *SOURCES.glob("*.cpp")]):
        sha.update(path.name.encode() + path.read_bytes())
    version = _run([*compiler, "--version"]).stdout
    processor = _processor() if architecture == "native" else ""
    for text in (*compiler, version, architecture, *FLAGS, *OPTIONAL_FLAGS, processor):
        sha.update(text.encode() + b"\0")
    return sha.hexdigest()[:16]


def _processor() -> str:
    """The instruction sets of this processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    flags = [line for line in lines if line.startswith(("flags", "Features"))]
    return platform.machine() + (flags[0] if flags else platform.processor())


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NativeEngineError(
            f"{command[0]}: cannot be run ({error}); set CXX to a C++ compiler"
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes out until the block ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
