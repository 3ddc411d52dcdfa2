"""Genotypes and their two text forms."""

import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import GenotypeError
from nasforge.space.darts.genotype import (
    OPERATIONS,
    Edge,
    Genotype,
    format_genotype,
    parse_genotype,
)

CELL = tuple(Edge("skip_connect", source) for source in (0, 1) * 4)
GENOTYPE = Genotype(CELL, CELL)
TEXT = format_genotype(GENOTYPE)
TEXT_CELL = TEXT.removeprefix("normal:").partition("-reduce:")[0]
CELL_LITERAL = repr([tuple(edge) for edge in CELL])
CONCAT = "range(2, 6)"

# From cnn/genotypes.py of github.com/quark0/darts.
DARTS_V2 = """Genotype(
    normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
            ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)],
    normal_concat=[2, 3, 4, 5],
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1),
            ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)],
    reduce_concat=[2, 3, 4, 5])"""


@st.composite
def genotypes(draw: st.DrawFn) -> Genotype:
    """Any genotype, a node's two edges in any order."""

    def cell() -> list[Edge]:
        edges = []
        for node in range(2, 6):
            sources = draw(st.permutations(range(node)))[:2]
            edges += [Edge(draw(st.sampled_from(OPERATIONS)), source) for source in sources]
        return edges

    return Genotype(tuple(cell()), tuple(cell()))


def namedtuple_text(
    normal: object = CELL_LITERAL,
    normal_concat: str = CONCAT,
    reduce: object = CELL_LITERAL,
    reduce_concat: str = CONCAT,
) -> str:
    return (
        f"Genotype(normal={normal}, normal_concat={normal_concat}, "
        f"reduce={reduce}, reduce_concat={reduce_concat})"
    )


def with_first_edge(edge: str) -> str:
    return CELL_LITERAL.replace("('skip_connect', 0)", edge, 1)


@given(genotypes())
def test_text_round_trip_keeps_the_order_of_edges(genotype: Genotype) -> None:
    text = format_genotype(genotype)
    assert "\n" not in text
    assert parse_genotype(text) == genotype
    assert str(genotype) == text


@given(
    genotypes(),
    st.sampled_from([CONCAT, "range(2,6)", "[2, 3, 4, 5]", "(2, 3, 4, 5)"]),
    st.sampled_from([tuple, list]),
    st.sampled_from("'\""),
)
def test_namedtuple_text_of_any_style(
    genotype: Genotype, concat: str, pair: type, quote: str
) -> None:
    cells = [repr([pair(edge) for edge in cell]) for cell in (genotype.normal, genotype.reduce)]
    normal, reduce = (cell.replace("'", quote) for cell in cells)
    assert parse_genotype(namedtuple_text(normal, concat, reduce, concat)) == genotype


def test_namedtuple_of_the_darts_repository() -> None:
    assert format_genotype(parse_genotype(DARTS_V2)) == (
        "normal:sep_conv_3x3@0+sep_conv_3x3@1/sep_conv_3x3@0+sep_conv_3x3@1/"
        "sep_conv_3x3@1+skip_connect@0/skip_connect@0+dil_conv_3x3@2"
        "-reduce:max_pool_3x3@0+max_pool_3x3@1/skip_connect@2+max_pool_3x3@1/"
        "max_pool_3x3@0+skip_connect@2/skip_connect@2+max_pool_3x3@1"
    )


def test_namedtuple_keywords_may_come_in_any_order() -> None:
    text = (
        f"Genotype(reduce_concat={CONCAT}, reduce={CELL_LITERAL}, "
        f"normal={CELL_LITERAL}, normal_concat={CONCAT})"
    )
    assert parse_genotype(text) == GENOTYPE


def test_surrounding_white_space_is_ignored() -> None:
    assert parse_genotype(f"  {TEXT}\n") == GENOTYPE
    assert parse_genotype(f"\n{namedtuple_text()} ") == GENOTYPE


def test_genotypes_are_hashable_and_compare_by_value() -> None:
    assert {GENOTYPE: 1}[parse_genotype(TEXT)] == 1
    assert Genotype(tuple(tuple(edge) for edge in CELL), CELL) == GENOTYPE


@pytest.mark.parametrize("form", ["own", "namedtuple"])
def test_unknown_operation_suggests_the_nearest(form: str) -> None:
    text = TEXT if form == "own" else namedtuple_text()
    with pytest.raises(GenotypeError, match=r"normal cell, node 2.*mean 'skip_connect'"):
        parse_genotype(text.replace("skip_connect", "skip_conect", 1))


def test_unknown_operation_without_a_near_one_lists_all() -> None:
    with pytest.raises(GenotypeError) as caught:
        parse_genotype(TEXT.replace("skip_connect", "zzz", 1))
    for operation in OPERATIONS:
        assert operation in str(caught.value)


def test_none_is_no_operation_of_the_space() -> None:
    with pytest.raises(GenotypeError, match="unknown operation 'none'"):
        parse_genotype(TEXT.replace("skip_connect", "none", 1))


@pytest.mark.parametrize("source", [2, 3, 9])
def test_input_of_a_later_node_is_refused(source: int) -> None:
    text = TEXT.replace("skip_connect@0", f"skip_connect@{source}", 1)
    with pytest.raises(GenotypeError, match=rf"node 2: input {source} is not an earlier.*0 to 1"):
        parse_genotype(text)


def test_last_node_reaches_node_4_and_not_itself() -> None:
    start, _, end = TEXT.rpartition("skip_connect@1")
    assert parse_genotype(f"{start}skip_connect@4{end}").reduce[-1].input == 4
    with pytest.raises(GenotypeError, match=r"reduce cell, node 5: input 5"):
        parse_genotype(f"{start}skip_connect@5{end}")


def test_same_input_twice_is_refused() -> None:
    with pytest.raises(GenotypeError, match="normal cell, node 2: both edges come from node 1"):
        parse_genotype(TEXT.replace("skip_connect@0", "sep_conv_3x3@1", 1))


@pytest.mark.parametrize("source", ["-1", "True", "0.0", "'0'", "None", "x", "0 + 0", "2"])
def test_namedtuple_input_must_be_an_earlier_node(source: str) -> None:
    text = namedtuple_text(with_first_edge(f"('skip_connect', {source})"))
    with pytest.raises(GenotypeError, match=r"node 2: input .* is not an earlier node"):
        parse_genotype(text)


@pytest.mark.parametrize("operation", ["1", "None", "b'skip_connect'", "skip_connect", "['a']"])
def test_namedtuple_operation_must_be_a_known_string(operation: str) -> None:
    with pytest.raises(GenotypeError, match="node 2: unknown operation"):
        parse_genotype(namedtuple_text(with_first_edge(f"({operation}, 0)")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "skip_connect",
        "normal:",
        "normal:-reduce:",
        TEXT_CELL,
        f"normal:{TEXT_CELL}",
        f"reduce:{TEXT_CELL}-normal:{TEXT_CELL}",
        f"{TEXT}-reduce:{TEXT_CELL}",
        f"{TEXT} x",
        TEXT.replace("@", "|"),
        TEXT.replace("@0", "@", 1),
        TEXT.replace("@0", "@00", 1),
        TEXT.replace("@0", "@-0", 1),
        TEXT.replace("@0", "@ 0", 1),
        TEXT.replace("@0", "@\u0660", 1),
        TEXT.replace("@0", "@\u00b2", 1),
        TEXT.replace("+", " + ", 1),
        TEXT.replace("+", "++", 1),
        TEXT.replace("+", "/", 1),
        TEXT.replace("/", "+", 1),
        TEXT.replace("/skip_connect@0+skip_connect@1", "", 1),
        TEXT.replace("/", "/skip_connect@0+skip_connect@1/", 1),
        TEXT.replace("skip_connect@0", "skip_connect", 1),
        TEXT.replace("skip_connect@0", "", 1),
        TEXT.upper(),
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(GenotypeError):
        parse_genotype(text)


@pytest.mark.parametrize("nodes", [3, 5])
@pytest.mark.parametrize("kind", ["normal", "reduce"])
def test_wrong_number_of_nodes_is_named(kind: str, nodes: int) -> None:
    cell = "/".join(["skip_connect@0+skip_connect@1"] * nodes)
    cells = {"normal": TEXT_CELL, "reduce": TEXT_CELL} | {kind: cell}
    with pytest.raises(GenotypeError, match=f"{kind} cell: {nodes} nodes .* must be 4"):
        parse_genotype(f"normal:{cells['normal']}-reduce:{cells['reduce']}")


@pytest.mark.parametrize("edges", [0, 7, 9, 10])
def test_wrong_number_of_edges_is_named(edges: int) -> None:
    cell = (CELL * 2)[:edges]
    with pytest.raises(GenotypeError, match=f"normal cell: {edges} edges, must be 8"):
        parse_genotype(namedtuple_text([tuple(edge) for edge in cell]))
    with pytest.raises(GenotypeError, match=f"reduce cell: {edges} edges, must be 8"):
        Genotype(CELL, cell)


@pytest.mark.parametrize(
    "normal", ["1", "'text'", "None", "cell()", "[1, 2]", with_first_edge("('skip_connect',)")]
)
def test_namedtuple_cell_must_be_a_list_of_pairs(normal: str) -> None:
    with pytest.raises(GenotypeError, match=r"normal must be a list of \(operation, input\) pairs"):
        parse_genotype(namedtuple_text(normal))


@pytest.mark.parametrize(
    "concat",
    [
        "range(2, 5)",
        "range(6)",
        "range(2, 6, 1)",
        "range(start=2, stop=6)",
        "range(2.0, 6.0)",
        "list(range(2, 6))",
        "list(2, 6)",
        "builtins.range(2, 6)",
        "[2, 3, 4]",
        "[5, 4, 3, 2]",
        "[2, 3, 4, 5.0]",
        "{2, 3, 4, 5}",
        "'2345'",
        "None",
        "x",
    ],
)
@pytest.mark.parametrize("kind", ["normal", "reduce"])
def test_concat_must_be_all_intermediate_nodes(kind: str, concat: str) -> None:
    with pytest.raises(GenotypeError, match=rf"{kind}_concat.*must be range\(2, 6\)"):
        parse_genotype(namedtuple_text(**{f"{kind}_concat": concat}))


@pytest.mark.parametrize(
    "text",
    [
        "Genotype()",
        "Genotype(",
        f"Genotype(normal={CELL_LITERAL})",
        f"Genotype({CELL_LITERAL}, {CONCAT}, {CELL_LITERAL}, {CONCAT})",
        "Genotype(**values)",
        namedtuple_text()[:-1] + ", extra=1)",
        namedtuple_text()[:-1] + f", normal={CELL_LITERAL})",
        namedtuple_text() + ".normal",
        namedtuple_text() + "\nimport os",
        namedtuple_text() + "; 1",
        f"[{namedtuple_text()}]",
        namedtuple_text() + " if True else None",
        "Genotype(open('x'))" + namedtuple_text().removeprefix("Genotype"),
        namedtuple_text() + "\0",
        namedtuple_text() + "\ud800",
        namedtuple_text(normal_concat=r"'\d'"),
    ],
)
def test_only_one_plain_call_is_a_namedtuple(text: str) -> None:
    with pytest.raises(GenotypeError):
        parse_genotype(text)


def test_nothing_in_a_text_is_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    for call in ("print('evaluated')", "__import__('builtins').print('evaluated')"):
        for text in (
            namedtuple_text(normal=call),
            namedtuple_text(normal_concat=call),
            namedtuple_text(with_first_edge(f"('skip_connect', {call})")),
            f"Genotype({call})",
        ):
            with pytest.raises(GenotypeError):
                parse_genotype(text)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 190 + "2" + ",)" * 190,
        "[" * 1500 + "]" * 1500,
        "-" * 900 + "1",
        "-" * 2500 + "1",
        "not " * 450 + "1",
        "1" + "+1" * 1200,
        "a" + ".b" * 1000,
        "f" + "()" * 1000,
        "x" + "[0]" * 800,
        "lambda: " * 300 + "1",
        "0x" + "f" * 3700,
        "range(2, 0x" + "f" * 3700 + ")",
    ],
    ids=lambda expression: expression[:12],
)
@pytest.mark.parametrize("place", ["normal", "normal_concat", "input"])
def test_deep_or_huge_expressions_are_refused(expression: str, place: str) -> None:
    if place == "input":
        edges = f"[('skip_connect', {expression})" + ", ('skip_connect', 0)" * 7 + "]"
        text = namedtuple_text(edges, reduce="''")
    else:
        text = namedtuple_text(**{"normal": "''", "reduce": "''", place: expression})
    assert len(text) <= 4096
    with pytest.raises(GenotypeError):
        parse_genotype(text)


@pytest.mark.parametrize("value", ["0x" + "f" * 3000, "9" * 3000], ids=["hex", "decimal"])
def test_huge_input_is_refused_in_few_words(value: str) -> None:
    with pytest.raises(GenotypeError) as caught:
        parse_genotype(namedtuple_text(with_first_edge(f"('skip_connect', {value})")))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("start", ["", "Genotype(", "normal:", "Genotype(normal=" + "(" * 100])
def test_a_million_characters_are_refused_without_parsing(
    start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_parsing(*_: object, **__: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(ast, "parse", no_parsing)
    begin = time.process_time()
    with pytest.raises(GenotypeError, match="characters is longer") as caught:
        parse_genotype(start + "x" * 1_000_000)
    assert time.process_time() - begin < 0.5
    assert len(str(caught.value)) < 300


@given(st.text(max_size=200), st.sampled_from(["", "normal:", "Genotype(", "Genotype(normal="]))
def test_any_text_is_refused_with_a_genotype_error(text: str, start: str) -> None:
    with pytest.raises(GenotypeError):
        parse_genotype(start + text)


@given(st.data())
def test_one_damaged_character_never_escapes_the_error_type(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([TEXT, namedtuple_text()]))
    position = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:position] + data.draw(st.text(max_size=2)) + text[position + 1 :]
    try:
        genotype = parse_genotype(damaged)
    except GenotypeError:
        return
    assert parse_genotype(format_genotype(genotype)) == genotype
