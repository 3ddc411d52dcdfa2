"""The command explore."""

import json
import re
from pathlib import Path

import pytest
from command_line import printed, refused
from every_kind import write_every_kind
from explorer_benchmark import EVALUATIONS, write_explorable
from explorer_container import content_of
from tiny_benchmark import write_benchmark

from nasforge.cli import main
from nasforge.explorer.page import CONTENT, TITLE

TABLE = EVALUATIONS / "evaluations" / "random-g0.parquet"
SHIPPED = "darts-cifar10-cpu-v1"


def test_a_page_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    output = printed(capsys, "explore", write_benchmark(tmp_path), "-o", page)
    assert re.fullmatch(rf"tiny-v1/linear in {page}, \d\.\d MB\n", output)
    text = page.read_text(encoding="utf-8")
    assert TITLE not in text
    assert CONTENT not in text
    assert "<title>tiny-v1 - nasforge explorer</title>" in text
    content = content_of(page)
    assert content["benchmark"]["full_name"] == "tiny-v1"
    assert (content["evaluated"], content["runs"]) == (None, None)


def test_the_page_needs_nothing_else(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    printed(capsys, "explore", write_benchmark(tmp_path), "-o", page)
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    # The names of XML's namespaces are no addresses that a browser opens.
    assert set(re.findall(r"https?://[^\"'`\s)]+", text)) <= {
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/2000/svg",
    }
    assert not re.findall(r"<(?:link|img|iframe)\b|<script[^>]*\bsrc=", text)


def test_the_same_inputs_give_the_same_bytes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_explorable(tmp_path)
    pages = [tmp_path / f"{name}.html" for name in "ab"]
    for page in pages:
        printed(capsys, "explore", folder, "--evaluations", EVALUATIONS, "-o", page)
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert len(content_of(pages[0])["evaluated"]["trainings"]) > 500


def test_json_says_what_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    folder = write_every_kind(tmp_path)
    result = json.loads(printed(capsys, "explore", folder, "-o", page, "--json"))
    assert result == {
        "benchmark": "every-kind-v1",
        "surrogate": "forest",
        "selected": "blend",
        "output": str(page),
        "bytes": page.stat().st_size,
    }
    text = printed(capsys, "explore", folder, "-o", page)
    assert "the benchmark's own default is blend" in text
    text = printed(capsys, "explore", folder, "-o", page, "--surrogate", "blend")
    assert "default" not in text
    assert content_of(page)["model"]["surrogate"] == "blend"


def test_the_shipped_benchmark_has_at_most_3_mb(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    # `printed` asserts that there is no warning.
    printed(capsys, "explore", SHIPPED, "--evaluations", EVALUATIONS, "-o", page)
    assert page.stat().st_size <= 3e6


def test_a_large_page_is_written_and_says_what_makes_it_large(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert main(["explore", SHIPPED, "--surrogate", "blend", "-o", str(page), "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["bytes"] == page.stat().st_size > 3e6
    [line] = output.err.splitlines()
    assert line == (
        f"nasforge: warning: {page} has {page.stat().st_size / 1e6:.1f} MB, more than 3 MB: "
        "4.4 of surrogate blend, 0.1 of its learning curves; "
        "--surrogate forest makes a smaller page"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--surrogate", "gin"], "has no surrogate 'gin'; it has linear"),
        (["--evaluations", "/no/such"], "no folder /no/such"),
        (["--evaluations", EVALUATIONS], "is not that of tiny-v1"),
        (["--trajectories", "/no/such.parquet"], "/no/such.parquet: no such file"),
        (["--trajectories", __file__], "writes it: it cannot be read as parquet"),
        (["--trajectories", TABLE], "writes it: it has no column 'optimizer'"),
        (["-o", "no/page.html"], "no/page.html: there is no folder"),
    ],
)
def test_what_is_wrong_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list, message: str
) -> None:
    page = tmp_path / "page.html"
    folder = write_benchmark(tmp_path)
    assert message in refused(capsys, "explore", folder, "-o", page, *options)
    assert not page.exists()


def test_a_page_that_is_there_is_replaced_only_if_it_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write_benchmark(tmp_path)
    Path("explorer.html").write_text("mine")
    assert "explorer.html is there already" in refused(capsys, "explore", folder)
    assert Path("explorer.html").read_text() == "mine"
    printed(capsys, "explore", folder, "-o", "explorer.html")
    assert Path("explorer.html").read_text() != "mine"


def test_another_space_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    space = {"name": "bits", "version": 1, "fingerprint": "0" * 64}
    folder = write_explorable(tmp_path, space=space)
    error = refused(capsys, "explore", folder, "-o", tmp_path / "page.html")
    assert "its space is 'bits'; the page draws cells of 'darts' alone" in error
