"""The picture of a genotype: well-formed, complete, and nothing overlaps."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.space.darts.drawing import (
    BOX,
    NODES,
    OUTPUT,
    RADIUS,
    STYLE,
    WIDTH,
    boxes,
    column,
    draw,
    row,
)

SVG = "{http://www.w3.org/2000/svg}"
CHARACTER = 7.2
"""Width of one in an operation's monospaced label of 11.5 px, generously."""

genotypes = st.integers(0, 2**32).map(lambda seed: DARTS.sample(np.random.default_rng(seed)))


def areas(genotype: Genotype) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of a cell's operations, nodes and output."""
    placed = [
        (box.x, box.y - BOX[1] / 2, box.x + BOX[0], box.y + BOX[1] / 2)
        for box in boxes(genotype.normal)
    ]
    centres = [(column(node), row(node)) for node in range(NODES)]
    nodes = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in centres]
    return [*placed, *nodes, (OUTPUT, row(2) - RADIUS, OUTPUT + 10, row(NODES - 1) + RADIUS)]


@given(genotypes)
def test_nothing_overlaps(genotype: Genotype) -> None:
    for (a, b, c, d), (e, f, g, h) in combinations(areas(genotype), 2):
        assert c <= e or g <= a or d <= f or h <= b


@given(genotypes)
def test_wires_pass_no_box(genotype: Genotype) -> None:
    placed = boxes(genotype.normal)
    assert len({box.wire for box in placed}) == 8
    for box in placed:  # down from the row of its input
        for left, top, right, bottom in areas(genotype):
            beside = right <= box.wire - 3 or left >= box.wire + 3
            assert beside or bottom <= row(box.source) - 3 or top >= box.y
    for node in range(NODES):  # along its row
        for left, top, _, bottom in areas(genotype)[:-1]:
            assert left <= column(node) or not top < row(node) < bottom


@given(genotypes)
def test_every_operation_is_labelled_in_order_and_drawn_from_its_input(genotype: Genotype) -> None:
    root = ElementTree.fromstring(draw(genotype))
    labels = [group.find(f"{SVG}text").text for group in root.iter(f"{SVG}g") if is_(group, "op")]
    edges = [*genotype.normal, *genotype.reduce]
    assert labels == [edge.operation for edge in edges]
    joints = [float(dot.get("cy")) for dot in root.iter(f"{SVG}circle") if is_(dot, "joint")]
    assert joints == [row(edge.input) for edge in edges]
    assert root.find(f"{SVG}title").text == str(genotype)


def is_(element: ElementTree.Element, kind: str) -> bool:
    return element.get("class") == kind


@pytest.fixture
def root() -> ElementTree.Element:
    longest = DARTS.from_vector([4] * 8 + [2, 5, 9] + [5] * 8 + [2, 5, 9])
    return ElementTree.fromstring(draw(longest))


def test_everything_is_inside_the_view_box(root: ElementTree.Element) -> None:
    x, y, width, height = map(float, root.get("viewBox").split())
    assert (x, y, width) == (0, 0, WIDTH)
    tops = [float(re.search(r"translate\(0 (\d+)\)", g.get("transform"))[1]) for g in root[3:]]
    for cell, top in zip(root[3:], tops, strict=True):
        inner = top + float(re.search(r"translate\(0 (\d+)\)", cell[1].get("transform"))[1])
        for rect in cell.iter(f"{SVG}rect"):
            assert 0 <= float(rect.get("x")) <= width - float(rect.get("width"))
            assert inner + float(rect.get("y")) + float(rect.get("height")) < height
        for text in cell.iter(f"{SVG}text"):
            assert 0 <= float(text.get("x")) <= width - 0.6 * 12 * len(text.text) / 2
    assert tops[0] + row(NODES - 1) + BOX[1] < tops[1]


def test_labels_fit_their_boxes(root: ElementTree.Element) -> None:
    for group in root.iter(f"{SVG}g"):
        if is_(group, "op"):
            assert len(group.find(f"{SVG}text").text) * CHARACTER < BOX[0] - 10
    names = [t for t in root.iter(f"{SVG}text") if is_(t, "name")]
    for name in names:
        right = float(name.get("x")) + 7 * len(name.text)
        limit = column(0) - RADIUS if float(name.get("x")) < column(0) else WIDTH
        assert right <= limit + 8


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_both_themes_have_contrast(theme: int) -> None:
    """Text at least 4.5 and lines at least 3, as WCAG 2.1 asks."""
    style = STYLE.split("@media")[theme]
    text = re.findall(r"\.nf text\{[^}]*fill:(#\w{6})", style)[0]
    fills = re.findall(r"\.nf (?:rect|\.node|\.page)[^{]*\{fill:(#\w{6})", style)
    assert len(fills) == 6
    assert all(contrast(text, fill) > 7 for fill in fills)
    [page] = re.findall(r"\.nf \.page\{fill:(#\w{6})", style)
    [name] = re.findall(r"\.nf \.name\{fill:(#\w{6})", style)
    assert contrast(name, page) > 4.5
    [wire] = re.findall(r"\.nf \.wire\{[^}]*stroke:(#\w{6})", style)
    assert contrast(wire, page) > 3


def test_a_notebook_shows_the_picture() -> None:
    genotype = DARTS.sample(np.random.default_rng(0))
    assert genotype._repr_svg_() == draw(genotype)
