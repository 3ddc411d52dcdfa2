"""docs/dag.svg shows the rules of the Snakefile, with the arrows that follow from no others."""

import re
import subprocess
import sys

import pytest
from documents import REPOSITORY
from tiny_campaign import environment

sys.path.insert(0, str(REPOSITORY / "docs"))
from draw_dag import EARLIER, read_rulegraph, reduced, to_dot

PICTURE = (REPOSITORY / "docs/dag.svg").read_text()


def drawn() -> set[tuple[str, str]]:
    """Arrows of the picture; Graphviz titles them with the names of its nodes."""
    titles = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", PICTURE)
    return set(titles)


@pytest.mark.slow
def test_the_picture_is_that_of_the_snakefile() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--rulegraph"],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    edges = read_rulegraph(run.stdout)
    assert ("score_test", "export_benchmark") in edges
    assert drawn() == reduced(edges - EARLIER) | EARLIER, "make dag draws it anew"


def test_a_rule_is_drawn_with_its_name() -> None:
    labels = re.findall(r">([a-z]+)</text>", PICTURE)
    rules = {rule for edge in drawn() for rule in edge}
    assert sorted(labels) == sorted(word for rule in rules for word in rule.split("_"))


def test_arrows_that_follow_from_others_are_left_out() -> None:
    assert reduced({("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("a", "c")}) == {
        ("a", "b"),
        ("b", "c"),
        ("c", "d"),
    }
    assert reduced({("a", "b"), ("a", "c")}) == {("a", "b"), ("a", "c")}


def test_rules_are_read_from_snakemakes_dot() -> None:
    text = 'digraph d {\n\t0[label = "all", color = "0"];\n\t1[label = "fit"];\n\t1 -> 0\n}\n'
    assert read_rulegraph(text) == {("fit", "all")}
    assert "fit -> all;" in to_dot(read_rulegraph(text))
    assert "dashed" not in to_dot(read_rulegraph(text))
