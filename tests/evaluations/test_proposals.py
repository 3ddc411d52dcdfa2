"""Proposals as CSV."""

import dataclasses
from pathlib import Path

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.proposals import COLUMNS, Proposal, read_proposals, write_proposals

PROPOSALS = [
    Proposal("random", "random", 0, 0, 0, "normal:a@0+b@1-reduce:a@0+b@1"),
    Proposal("re_a", "regularized_evolution", 3, 12, 2, "normal:b@0+a@1-reduce:a@0+b@1"),
]
HEADER = ",".join(COLUMNS)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "gen0" / "proposals.csv"
    write_proposals(path, PROPOSALS)
    assert read_proposals(path) == PROPOSALS
    assert [item.name for item in path.parent.iterdir()] == ["proposals.csv"]


def test_the_text_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "proposals.csv"
    write_proposals(path, PROPOSALS)
    assert path.read_bytes() == (
        b"sampler,optimizer,generation,position,replicate,raw_architecture\n"
        b"random,random,0,0,0,normal:a@0+b@1-reduce:a@0+b@1\n"
        b"re_a,regularized_evolution,3,12,2,normal:b@0+a@1-reduce:a@0+b@1\n"
    )


@pytest.mark.parametrize("text", ['a,"b"', "two\nlines", " spaces ", "", "ü"])
def test_any_text_round_trips(tmp_path: Path, text: str) -> None:
    proposals = [dataclasses.replace(PROPOSALS[0], raw_architecture=text)]
    write_proposals(tmp_path / "p.csv", proposals)
    assert read_proposals(tmp_path / "p.csv") == proposals


def test_no_proposals_round_trip(tmp_path: Path) -> None:
    write_proposals(tmp_path / "p.csv", [])
    assert read_proposals(tmp_path / "p.csv") == []


@pytest.mark.parametrize(
    "header", ["", HEADER.upper(), f"{HEADER},extra", HEADER.rpartition(",")[0], "random,random"]
)
def test_other_columns_are_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"{header}\n" if header else "")
    with pytest.raises(EvaluationsError, match=r"p\.csv: columns .*expected \['sampler'"):
        read_proposals(path)


@pytest.mark.parametrize(
    "row",
    [
        "random,random,0,0,0",
        "random,random,0,0,0,text,extra",
        "random,random,x,0,0,text",
        "random,random,0,1.0,0,text",
        "random,random,0,0,,text",
        "",
    ],
)
def test_a_malformed_row_is_refused_with_the_files_name(tmp_path: Path, row: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"{HEADER}\nrandom,random,0,0,0,text\n{row}\n")
    with pytest.raises(EvaluationsError, match=r"p\.csv: "):
        read_proposals(path)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"x" * 200_000], ids=["not utf-8", "a field without end"]
)
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(f"{HEADER}\n".encode() + content)
    with pytest.raises(EvaluationsError, match=r"p\.csv: "):
        read_proposals(path)
