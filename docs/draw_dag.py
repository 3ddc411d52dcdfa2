"""The picture of a rulegraph: from `snakemake --rulegraph` on standard input to dot for Graphviz.

    $ snakemake --rulegraph | python docs/draw_dag.py | dot -Tsvg >docs/dag.svg

Arrows that follow from others are left out. Those by which a generation sees the ones before it are
dashed: they close circles in the graph of rules, though not in that of jobs.
"""

import re
import sys

EARLIER = {("sample_generation", "sample_generation"), ("train_shard", "sample_generation")}
"""A generation with feedback is proposed from earlier proposals and their results."""

STYLE = """
  graph [rankdir=LR, ranksep=0.25, nodesep=0.2, bgcolor=white, margin=0];
  node [shape=box, style="rounded,filled", fillcolor="#e0f2f1", color="#00796b",
        fontname="sans-serif", fontsize=12, margin="0.09,0.05"];
  edge [color="#607d8b", arrowsize=0.7];
"""

Edges = set[tuple[str, str]]


def read_rulegraph(text: str) -> Edges:
    """Pairs (rule, rule that reads it) of Snakemake's dot."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', text, flags=re.MULTILINE))
    edges = re.findall(r"^\s*(\d+) -> (\d+)\s*$", text, flags=re.MULTILINE)
    return {(names[source], names[target]) for source, target in edges}


def reduced(edges: Edges) -> Edges:
    """Without the edges that longer ways replace; `edges` must have no circle."""
    return {edge for edge in edges if not _reaches(edges - {edge}, *edge)}


def _reaches(edges: Edges, source: str, target: str) -> bool:
    following = [b for a, b in edges if a == source]
    return target in following or any(_reaches(edges, rule, target) for rule in following)


def to_dot(edges: Edges) -> str:
    """dot, the same for the same rules."""
    rules = sorted({rule for edge in edges for rule in edge})
    lines = [f'  {rule} [label="{rule.replace("_", chr(92) + "n")}"];' for rule in rules]
    lines += [f"  {a} -> {b};" for a, b in sorted(reduced(edges - EARLIER))]
    lines += [f"  {a} -> {b} [style=dashed, constraint=false];" for a, b in sorted(EARLIER & edges)]
    return "digraph rules {" + STYLE + "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    print(to_dot(read_rulegraph(sys.stdin.read())), end="")
