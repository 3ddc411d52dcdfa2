"""The committed page is what explorer/ builds, and its sources pass their own checks."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "explorer"
NPM = shutil.which("npm")
BRIEFLY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000")
"""npm's own patience without a network is more than a minute, and five where packets are lost."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NPM is None, reason="npm is not installed"),
]


def npm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NPM, *map(str, arguments)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    """What package-lock.json names; from the npm registry if it is not there yet."""
    if npm("ls", "--all").returncode == 0:
        return
    installed = npm("ci", "--no-audit", "--no-fund", "--prefer-offline", *BRIEFLY)
    if installed.returncode != 0:
        pytest.skip(f"npm ci failed: {installed.stderr.strip()[-300:]}")


def test_the_committed_page_is_what_the_sources_build(tmp_path: Path) -> None:
    built = npm("run", "build", "--", tmp_path / "page.html")
    assert built.returncode == 0, built.stderr
    committed = files("nasforge.explorer").joinpath("page.html").read_bytes()
    assert (tmp_path / "page.html").read_bytes() == committed, "run: cd explorer && npm run build"


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_sources_pass(script: str) -> None:
    run = npm("run", script)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
