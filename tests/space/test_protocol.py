"""DARTS is a search space as the protocol has it."""

import inspect

import numpy as np
import pytest

from nasforge.space import DARTS, SearchSpace

METHODS = [
    name for name, _ in inspect.getmembers(SearchSpace, inspect.isfunction) if name[0] != "_"
]


def test_darts_is_a_search_space() -> None:
    assert isinstance(DARTS, SearchSpace)


def test_an_object_without_neighbours_is_none() -> None:
    class Partial:
        name, version, size, variables, encodings = "partial", 1, 1, (), ()

    assert not isinstance(Partial(), SearchSpace)


@pytest.mark.parametrize("method", METHODS)
def test_methods_take_as_many_arguments_as_the_protocol_says(method: str) -> None:
    asked = inspect.signature(getattr(SearchSpace, method)).parameters
    given = inspect.signature(getattr(DARTS, method)).parameters
    assert len(given) == len(asked) - 1  # without self


def test_darts_keeps_the_protocols_promises() -> None:
    rng = np.random.default_rng(0)
    assert np.prod([number for _, number in DARTS.variables], dtype=object) == DARTS.size
    for _ in range(20):
        architecture = DARTS.sample(rng)
        text = DARTS.format(architecture)
        assert "\n" not in text
        assert DARTS.parse(text) == architecture
        canonical = DARTS.canonical(architecture)
        architecture_id = DARTS.architecture_id(architecture)
        assert DARTS.architecture_id(canonical) == architecture_id
        assert len(architecture_id) == 16
        assert int(architecture_id, 16) >= 0
        assert len(DARTS.to_vector(architecture)) == len(DARTS.variables)
        assert hash(DARTS.from_vector(DARTS.to_vector(architecture))) == hash(architecture)
    assert all(len(DARTS.feature_names(encoding)) > 0 for encoding in DARTS.encodings)
