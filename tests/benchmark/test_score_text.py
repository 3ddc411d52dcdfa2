"""How a score and its ceiling are printed."""

import math

import pytest

from nasforge.benchmark.score_text import bare_score_text, ceiling_text, score_text

ROW = {
    "score": 0.89144,
    "low": 0.8702,
    "high": 0.9087,
    "ceiling": 0.95,
    "estimable": True,
}


def test_a_score_has_its_interval() -> None:
    assert score_text(ROW) == "0.8914 [0.8702, 0.9087]"
    assert score_text(ROW, digits=2) == "0.89 [0.87, 0.91]"
    assert bare_score_text(ROW, digits=2) == "0.89"


@pytest.mark.parametrize("missing", [None, math.nan])
def test_what_is_missing_is_no_number(missing: float | None) -> None:
    assert score_text({**ROW, "score": missing}) == "undefined"
    assert score_text({**ROW, "low": missing}) == "0.8914 [-, 0.9087]"


def test_a_ceiling_is_printed_only_if_it_is_known() -> None:
    assert ceiling_text(ROW) == "0.9500"
    assert ceiling_text({**ROW, "estimable": False}) == "not estimable"
    assert ceiling_text({**ROW, "estimable": False, "ceiling": None}) == "not estimable"


def test_a_score_that_rounds_to_zero_has_no_sign() -> None:
    assert score_text({**ROW, "score": -1e-9, "low": -1e-9}) == "0.0000 [0.0000, 0.9087]"
