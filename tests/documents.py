"""README and the pages of docs/, and doing what they say as a reader would.

>>> page = Page(REPOSITORY / "README.md")
>>> Reader(folder).do(page)

All is done as it is written, with these exceptions, which a test could not do or not in minutes:

- `make` and `snakemake` make dry runs, which read the config and plan every job.
- What installs (`venv`, `pip`) is checked only for extras that exist, and what tests is not run.
- Scripts of benchmarks/ are not run; the options on the page must be theirs.
- Programs of clusters and other machines do nothing; blocks marked `sh` need a cluster: they
  are read by people alone.
- Budgets and seeds of optimizers are small.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
OUTSIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md")
PAGES = [
    *(REPOSITORY / name for name in OUTSIDE),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
FILES = ("Makefile", "Snakefile", "pyproject.toml")
FOLDERS = ("benchmarks", "config", "data", "profiles", "workflow")
"""What a reader's clone has that pages name."""

OTHER_MACHINES = ("pre-commit", "sbatch", "squeue", "scancel", "sacct", "ssh", "scp", "rsync")
"""Programs that a page may name and that are not called."""

STAND_INS = {
    "make": """
        for argument in "$@"; do
          case $argument in CONFIG=*) test -f "${argument#CONFIG=}" ;; esac
        done
        exec {make} --dry-run "$@"
    """,
    "snakemake": """
        for argument; do
          shift
          case $argument,$previous in
            --report* | *,--report) ;;
            *) set -- "$@" "$argument" ;;
          esac
          previous=$argument
        done
        exec {programs}/snakemake --dry-run "$@"
    """,
    "nasforge": r"""
        for argument; do
          shift
          case $previous in
            --budget) set -- "$@" 40 ;;
            --seeds) set -- "$@" 2 ;;
            *) set -- "$@" "$argument" ;;
          esac
          previous=$argument
        done
        exec {programs}/nasforge "$@"
    """,
    "python": """
        case "$1 ${2-}" in
          "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
          "-m pip") for argument; do
              for extra in $(echo "$argument" | sed -n 's/.*\\[\\(.*\\)\\].*/\\1/p' | tr , ' '); do
                grep -q "^$extra = " pyproject.toml
              done
            done ;;
          "-m pytest") ;;
          benchmarks/*) for argument; do
              case $argument in --*) grep -qe "\\"$argument\\"" "$1" ;; esac
            done ;;
          *) exec {programs}/python "$@" ;;
        esac
    """,
    **dict.fromkeys(OTHER_MACHINES, ":"),
}
SILENT = re.compile(r"\b(make|snakemake|import|train)\b")
"""Commands that may say something on standard error though all is well."""


@dataclass(frozen=True)
class Page:
    """A page of Markdown.

    Attributes:
        path: Its file.
    """

    path: Path

    @property
    def name(self) -> str:
        """Path within the repository."""
        return str(self.path.relative_to(REPOSITORY))

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    def blocks(self, *languages: str) -> list[tuple[str, str]]:
        """Language and text of every block of code in these languages, in order."""
        found = re.findall(r"^```(\w+)\n(.*?)^```", self.text, flags=re.MULTILINE | re.DOTALL)
        return [(language, text) for language, text in found if language in languages]

    def links(self) -> list[tuple[str, str]]:
        """Target and anchor of every link and picture that stays in the repository."""
        found = re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)", self.text)
        return [(target, anchor) for target, anchor in found if target or anchor]

    def anchors(self) -> set[str]:
        """What its headings are linked by."""
        prose = re.sub(r"^```.*?^```", "", self.text, flags=re.MULTILINE | re.DOTALL)
        headings = re.findall(r"^#+ (.*)$", prose, flags=re.MULTILINE)
        kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
        return {heading.strip().replace(" ", "-") for heading in kept}


@dataclass
class Reader:
    """Someone with a clone of the repository in a folder, who does what pages say.

    Attributes:
        folder: The clone; what is missing in it is copied there.
        names: What Python blocks have defined so far.
    """

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(REPOSITORY / name, self.folder)
        for name in FOLDERS:
            shutil.copytree(REPOSITORY / name, self.folder / name)
        self._programs = self.folder.parent / "programs"
        self._programs.mkdir()
        real = {"{programs}": str(Path(sys.executable).parent), "{make}": str(shutil.which("make"))}
        for name, script in STAND_INS.items():
            for mark, path in real.items():
                script = script.replace(mark, path)
            program = self._programs / name
            program.write_text(f"#!/bin/sh\nset -eu\nprevious=\n{script}\n")
            program.chmod(0o755)
        (self._programs / "python3").symlink_to("python")

    def do(self, page: Page) -> None:
        """Run the blocks of a page from top to bottom, in the folder that is current."""
        said = ""  # variables of a shell outlast a block
        for language, text in page.blocks("python", "bash"):
            if language == "bash":
                self._shell(said, text)
                lines = text.splitlines(keepends=True)
                said += "".join(line for line in lines if re.match(r"(export )?[A-Z]+=\S+$", line))
            elif "syne_tune" not in text or find_spec("syne_tune"):
                small = re.sub(r"budget=\d+", "budget=40", re.sub(r"range\(20\)", "range(2)", text))
                exec(compile(small, page.name, "exec"), self.names)

    def _shell(self, said: str, commands: str) -> None:
        path = f"{self._programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", said + commands],
            cwd=self.folder,
            env=kept | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        end = "\n".join((run.stdout + run.stderr).splitlines()[-12:])
        assert run.returncode == 0, f"{commands}\n{end}"
        assert SILENT.search(commands) or run.stderr == "", f"{commands}\n{run.stderr}"
