"""The site builds without a warning, and opening a page of it loads nothing from the network."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from documents import REPOSITORY

LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?([^"'\s>]+)"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|icon|preload|preconnect)\b[^>]*\bhref=["']?([^"'\s>]+)"""
    r"""|(?:@import\s+(?:url\()?|url\()\s*["']?([^"')\s]+)"""
)
"""What a browser fetches of its own accord."""

UNSHOWN = {"__version__", "NasforgeError", "OPTIMIZERS", "default_settings", "optimizer_class"}
"""Public names of no page of their own; errors are shown where they are defined."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    for module in ("mkdocs", "material", "mkdocstrings_handlers"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    assert "WARNING" not in build.stdout + build.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there(site: Path) -> None:
    pages = {path.relative_to(REPOSITORY / "docs") for path in (REPOSITORY / "docs").rglob("*.md")}
    outside = {Path(name) for name in ("changelog.md", "contributing.md", "configuration.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {page.with_suffix(".html") for page in pages | outside} == built - {Path("404.html")}
    assert not list(site.rglob("*.py"))


@pytest.mark.slow
def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    seen = 0
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        for match in LOADED.finditer(path.read_text(encoding="utf-8")):
            [address] = filter(None, match.groups())
            seen += 1
            assert not re.match(r"(https?:)?//", address), f"{path.name} loads {address}"
    assert seen > 100


def test_the_pattern_finds_what_is_loaded() -> None:
    text = """<script async src="https://a/b.js"></script> <img alt="" src=//c/d.png>
      <link rel="stylesheet" href="https://e/f.css"> @import url("https://g/h.css")
      <a href="https://not.loaded/">"""
    found = ["".join(filter(None, match.groups())) for match in LOADED.finditer(text)]
    assert [address.partition("//")[2][0] for address in found if "//" in address] == list("aceg")


@pytest.mark.slow
def test_the_reference_has_the_public_names(site: Path) -> None:
    reference = " ".join(path.read_text() for path in (site / "api").glob("*.html"))
    for module in ("nasforge", "nasforge.optimizers"):
        public = __import__(module, fromlist=["__all__"]).__all__
        for name in set(public) - UNSHOWN:
            assert f'id="{module}.{name}"' in reference, f"{module}.{name}"
