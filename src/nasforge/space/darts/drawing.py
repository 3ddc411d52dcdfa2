"""A genotype as an SVG picture of its two cells, without graphviz.

    >>> Path("cell.svg").write_text(draw(genotype))

Every node is a row, and its output runs along that row to the right. A node's two operations stand
before it, and a wire drops to each from the row of its input; rows above a node's own hold nothing
but wires there, so nothing ever overlaps. The rows of the intermediate nodes end in the cell's
output, their concatenation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, Cell, Genotype

NODES = INPUT_NODES + INTERMEDIATE_NODES
INPUT_NAMES = ("cell k-2", "cell k-1")

MARGIN = 24
TITLE = 28
"""Height of a cell's heading."""

ROW = 30
"""Distance of the input rows, and half of that of the intermediate ones."""

COLUMN = 204
"""Width of an intermediate node with its operations and wires."""

BOX = (112, 22)
RADIUS = 12
WIRES = (24, 10)
"""How far left of its operation the wires drop: further for the lower one, so they never cross."""

LEFT = MARGIN + 66
"""x of the input nodes, after their names."""

OUTPUT = LEFT + COLUMN * INTERMEDIATE_NODES + 40
"""x of the cell's output."""

WIDTH = OUTPUT + 20 + 50 + MARGIN
"""Room for the output's name, too."""

STYLE = """\
.nf text{font:12px ui-sans-serif,system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:#1f2933}
.nf .op text,.nf .node text{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.nf .op text,.nf .node text{text-anchor:middle;dominant-baseline:central}
.nf .op text{font-size:11.5px}
.nf .node text{font-weight:600}
.nf .name{fill:#52606d;dominant-baseline:central}
.nf .heading{font-size:14px;font-weight:600}
.nf .page{fill:#ffffff}
.nf .wire{fill:none;stroke:#7b8794;stroke-width:1.5}
.nf .halo{fill:none;stroke:#ffffff;stroke-width:5}
.nf .joint{fill:#7b8794}
.nf .node circle,.nf .output{fill:#e4e7eb;stroke:#7b8794;stroke-width:1.5}
.nf rect.sep{fill:#d6e8fb;stroke:#3d7ebf}
.nf rect.dil{fill:#e6dcf8;stroke:#8257c4}
.nf rect.pool{fill:#fde6cd;stroke:#c77a22}
.nf rect.skip{fill:#d9f0e1;stroke:#3f9463}
@media (prefers-color-scheme:dark){
.nf text{fill:#e4e7eb}
.nf .name{fill:#9aa5b1}
.nf .page{fill:#1b2028}
.nf .halo{stroke:#1b2028}
.nf .wire{stroke:#8794a3}
.nf .joint{fill:#8794a3}
.nf .node circle,.nf .output{fill:#323b47;stroke:#8794a3}
.nf rect.sep{fill:#1f3a57;stroke:#5a9ce0}
.nf rect.dil{fill:#38295a;stroke:#a585e6}
.nf rect.pool{fill:#4d3517;stroke:#dd9440}
.nf rect.skip{fill:#1d4230;stroke:#57b37e}
}
"""
"""Colours of operations by family, in light and in dark."""


@dataclass(frozen=True)
class Box:
    """An operation before its node.

    Attributes:
        operation: Its name.
        source: Row that it takes.
        node: Node that it ends in.
        x: Left edge.
        y: Centre.
        wire: x where the wire drops from the source's row.
    """

    operation: str
    source: int
    node: int
    x: int
    y: int
    wire: int


def draw(genotype: Genotype) -> str:
    """An SVG document of both cells, nodes and edges in the given order."""
    cells = ("Normal cell", genotype.normal), ("Reduction cell", genotype.reduce)
    height = TITLE + row(NODES - 1) + ROW // 2 + BOX[1] // 2
    total = 2 * height + 3 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nf" role="img" width="{WIDTH}" '
        f'height="{total}" viewBox="0 0 {WIDTH} {total}">',
        f"<title>{escape(str(genotype))}</title>",
        f"<style>\n{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{total}" rx="8"/>',
    ]
    for number, (title, cell) in enumerate(cells):
        lines += [
            f'<g transform="translate(0 {MARGIN + number * (height + MARGIN)})">',
            f'<text class="heading" x="{MARGIN}" y="12">{title}</text>',
            f'<g transform="translate(0 {TITLE})">',
            *_cell(cell),
            "</g>",
            "</g>",
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def row(node: int) -> int:
    """Vertical position of a node's centre, from its cell's heading."""
    return ROW // 2 + ROW * (node if node < INPUT_NODES else 2 * node - 1)


def column(node: int) -> int:
    """Horizontal position of a node's centre."""
    return LEFT + COLUMN * max(0, node - INPUT_NODES + 1)


def boxes(cell: Cell) -> list[Box]:
    """Where the operations stand, in the order of the cell's edges."""
    placed = []
    for position, (operation, source) in enumerate(cell):
        node, lower = INPUT_NODES + position // 2, position % 2
        x = column(node) - RADIUS - 22 - BOX[0]
        y = row(node) + (ROW // 2 if lower else -ROW // 2)
        placed.append(Box(operation, source, node, x, y, x - WIRES[1 - lower]))
    return placed


def _cell(cell: Cell) -> Iterator[str]:
    placed = boxes(cell)
    for node in range(NODES):
        taken = [box.wire for box in placed if box.source == node]
        end = OUTPUT if node >= INPUT_NODES else max(taken, default=column(node))
        yield _path("wire", f"M{column(node)} {row(node)}H{end}")
    for box in placed:
        yield from _wires(box)
    for box in placed:
        yield _operation(box)
    for node in range(NODES):
        if node < INPUT_NODES:
            yield f'<text class="name" x="{MARGIN}" y="{row(node)}">{INPUT_NAMES[node]}</text>'
        yield (
            f'<g class="node"><circle cx="{column(node)}" cy="{row(node)}" r="{RADIUS}"/>'
            f'<text x="{column(node)}" y="{row(node)}">{node}</text></g>'
        )
    yield from _output()


def _wires(box: Box) -> Iterator[str]:
    """From the source's row down to an operation, over other wires, and on to its node."""
    start, turn, right = row(box.source), box.y - 6, box.x + BOX[0]
    yield _path("halo", f"M{box.wire} {start + 4}V{turn}")
    yield _path("wire", f"M{box.wire} {start}V{turn}q0 6 6 6H{box.x}")
    yield f'<circle class="joint" cx="{box.wire}" cy="{start}" r="3"/>'
    end = f"{column(box.node) - 9} {row(box.node) + (box.y - row(box.node)) // 3}"
    yield _path("wire", f"M{right} {box.y}h8Q{right + 18} {box.y} {end}")


def _output() -> Iterator[str]:
    top, bottom = row(INPUT_NODES) - RADIUS, row(NODES - 1) + RADIUS
    yield (
        f'<rect class="output" x="{OUTPUT}" y="{top}" width="10" height="{bottom - top}" rx="5"/>'
    )
    middle = (top + bottom) // 2
    yield f'<text class="name" x="{OUTPUT + 20}" y="{middle - 9}">concat:</text>'
    yield f'<text class="name" x="{OUTPUT + 20}" y="{middle + 9}">cell k</text>'


def _operation(box: Box) -> str:
    family = box.operation.partition("_")[0]
    family = {"max": "pool", "avg": "pool"}.get(family, family)
    return (
        f'<g class="op"><rect class="{family}" x="{box.x}" y="{box.y - BOX[1] // 2}" '
        f'width="{BOX[0]}" height="{BOX[1]}" rx="{BOX[1] // 2}"/>'
        f'<text x="{box.x + BOX[0] // 2}" y="{box.y}">{box.operation}</text></g>'
    )


def _path(kind: str, data: str) -> str:
    return f'<path class="{kind}" d="{data}"/>'
