"""Which surrogate answers in a page."""

import dataclasses

import pytest
from every_kind import write_every_kind

from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.manifest import Manifest
from nasforge.errors import NasforgeError
from nasforge.explorer.answering import choose_surrogate


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_every_kind(tmp_path_factory.mktemp("every")))


@pytest.mark.parametrize("selected", ["linear", "forest"])
def test_the_selected_one_if_it_is_small(manifest: Manifest, selected: str) -> None:
    assert choose_surrogate(dataclasses.replace(manifest, selected=selected), None) == selected


@pytest.mark.parametrize("selected", ["gin", "blend", "kernel", "mlp"])
def test_else_the_first_of_trees(manifest: Manifest, selected: str) -> None:
    assert choose_surrogate(dataclasses.replace(manifest, selected=selected), None) == "forest"


def test_without_trees_the_selected_one(manifest: Manifest) -> None:
    others = {name: s for name, s in manifest.surrogates.items() if name != "forest"}
    without = dataclasses.replace(manifest, surrogates=others, selected="gin")
    assert choose_surrogate(without, None) == "gin"


def test_what_is_wanted(manifest: Manifest) -> None:
    assert choose_surrogate(manifest, "mlp") == "mlp"
    with pytest.raises(NasforgeError, match=r"no surrogate 'tree'; it has linear, forest, kernel"):
        choose_surrogate(manifest, "tree")
