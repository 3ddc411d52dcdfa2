"""Writing the page: the built template, with a benchmark in it.

>>> write_explorer(Path("explorer.html"), find("darts-digits-v1"), surrogate="forest").surrogate
'forest'
"""

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

import nasforge
from nasforge.benchmark.fingerprint import space_fingerprint
from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.manifest import Manifest
from nasforge.errors import NasforgeError
from nasforge.evaluations.files import write_text
from nasforge.explorer.answering import answering, choose_surrogate
from nasforge.explorer.container import pack
from nasforge.explorer.contents import describe
from nasforge.explorer.evaluated import read_evaluated
from nasforge.explorer.runs import read_runs
from nasforge.explorer.size import size_warning
from nasforge.space import DARTS

TEMPLATE = "page.html"
TITLE, CONTENT = "<!--nasforge:title-->", "<!--nasforge:content-->"
"""What the template has once each, and is replaced."""


@dataclass(frozen=True)
class WrittenPage:
    """What a page has become.

    Attributes:
        surrogate: The one that answers.
        size: In bytes.
        warning: Why it is larger than a page should be; None if it is not.
    """

    surrogate: str
    size: int
    warning: str | None


def write_explorer(
    output: Path,
    benchmark: Path,
    surrogate: str | None = None,
    evaluations: Path | None = None,
    runs: Path | None = None,
) -> WrittenPage:
    """Write one HTML file that needs nothing else.

    Args:
        output: The file.
        benchmark: A frozen folder or .zip of the space darts.
        surrogate: Which one answers; None as in `choose_surrogate`.
        evaluations: Folder of the evaluations that it was made of, to plot them.
        runs: Table of runs that `nasforge optimize` wrote, to plot them.

    Raises:
        NasforgeError: The benchmark is damaged or of another space, there is no such surrogate, a
            table is not what it should be, or the output cannot be written.
    """
    manifest = read_manifest(benchmark)
    _require_darts(manifest)
    name = choose_surrogate(manifest, surrogate)
    content = {
        "software": nasforge.__version__,
        "benchmark": describe(manifest, name),
        "model": answering(benchmark, manifest, name),
        "evaluated": None if evaluations is None else read_evaluated(evaluations, manifest),
        "runs": None if runs is None else read_runs(runs),
    }
    page = files("nasforge.explorer").joinpath(TEMPLATE).read_text(encoding="utf-8")
    page = _put(page, TITLE, escape(manifest.full_name))
    page = _put(page, CONTENT, pack(content))
    _write(output, page)
    size = len(page.encode())
    warning = size_warning(size, content, name, smaller=choose_surrogate(manifest, None))
    return WrittenPage(name, size, warning)


def _require_darts(manifest: Manifest) -> None:
    if manifest.space["name"] != DARTS.name:
        raise NasforgeError(
            f"{manifest.full_name}: its space is {manifest.space['name']!r}; the page draws cells "
            f"of {DARTS.name!r} alone"
        )
    if manifest.space["fingerprint"] != space_fingerprint(DARTS):
        raise NasforgeError(f"{manifest.full_name}: made for another version of space 'darts'")


def _put(page: str, place: str, text: str) -> str:
    before, found, after = page.partition(place)
    if not found:
        raise NasforgeError(f"{TEMPLATE} has no {place}: install nasforge again")
    return before + text + after


def _write(output: Path, page: str) -> None:
    try:
        write_text(output, page, durable=False)
    except OSError as error:
        raise NasforgeError(f"{output}: cannot be written ({error.strerror})") from None
