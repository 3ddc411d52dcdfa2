"""A tiny campaign, run once for all tests that need a finished one."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_campaign import TINY, Run


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., Run]:
    """Make a run of the tiny config, with top-level keys replaced, in a new folder."""

    def make(**changes: Any) -> Run:
        return Run(tmp_path, TINY | changes)

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of the tiny config. Read it; change only its `config`, on a copy."""
    run = Run(tmp_path_factory.mktemp("finished"), TINY)
    process = run.snakemake("--report", "report.html", "--report-after-run")
    assert process.returncode == 0, process.stdout + process.stderr
    return run


@pytest.fixture
def again(undisturbed: Run, tmp_path: Path) -> Run:
    """A copy of the module's `undisturbed` run, to be disturbed."""
    shutil.copytree(undisturbed.folder, tmp_path / "again")
    return Run(tmp_path / "again", undisturbed.config)
