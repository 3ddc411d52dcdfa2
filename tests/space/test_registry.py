"""Spaces by name: what is imported, and what never is."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from nasforge.errors import SpaceError
from nasforge.space import DARTS, registry
from nasforge.space.darts.space import DartsSpace
from nasforge.space.registry import check_space, find_space, resolve_space


class Installed(EntryPoint):
    """An entry point that does not import."""

    def load(self) -> object:
        return DARTS if self.value == "darts" else object()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [Installed("mine", "darts", ""), Installed("broken", "object", "")]
    monkeypatch.setattr(
        registry, "entry_points", lambda group: points if group == "nasforge.spaces" else []
    )


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user's module with a space, a class, an exception and more."""
    (tmp_path / "users_space.py").write_text(
        "from nasforge.space.darts.space import DartsSpace\nSPACE = DartsSpace()\n"
        "class Inner:\n    space = SPACE\n"
    )
    (tmp_path / "raises.py").write_text("raise OSError('no licence')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "users_space"
    sys.modules.pop("users_space", None)


@pytest.mark.parametrize("function", [find_space, resolve_space])
def test_ours_is_found_by_its_name(function) -> None:
    assert function("darts") is DARTS


@pytest.mark.parametrize("function", [find_space, resolve_space])
def test_an_installed_one_is_found_by_its_entry_point(installed, function) -> None:
    assert function("mine") is DARTS


def test_an_unknown_name_is_refused_with_those_there_are(installed) -> None:
    with pytest.raises(
        SpaceError, match="'other' is not installed; there are: darts, mine, broken"
    ):
        find_space("other")
    with pytest.raises(SpaceError, match="your own is given as module:OBJECT"):
        resolve_space("other")


def test_an_entry_point_that_is_no_space_is_refused(installed) -> None:
    with pytest.raises(SpaceError, match="'broken' is no search space: it lacks name, version"):
        find_space("broken")


def test_a_users_own_is_imported_where_the_user_says_so(module: str) -> None:
    assert isinstance(resolve_space(f"{module}:SPACE"), DartsSpace)
    assert isinstance(resolve_space(f"{module}:Inner.space"), DartsSpace)


def test_a_name_from_a_file_is_never_imported(module: str) -> None:
    with pytest.raises(SpaceError, match=f"'{module}:SPACE' is not installed"):
        find_space(f"{module}:SPACE")
    assert module not in sys.modules


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no_such_module:SPACE", "cannot be imported .*is its module installed or on PYTHONPATH"),
        ("users_space:OTHER", "AttributeError"),
        ("users_space:", "cannot be imported"),
        (":SPACE", "cannot be imported"),
        ("raises:SPACE", r"OSError: no licence"),
        ("users_space:DartsSpace", r"is a class; a search space is an object"),
        ("math:pi", "'math:pi' is no search space: it lacks name"),
    ],
)
def test_a_wrong_reference_is_explained(module: str, reference: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        resolve_space(reference)


def test_what_lacks_a_part_is_told_which() -> None:
    class Partial:
        """All but two."""

        def __getattr__(self, name: str) -> object:
            if name in ("encode", "size"):
                raise AttributeError(name)
            return getattr(DARTS, name)

    assert check_space(DARTS, "darts") is DARTS
    with pytest.raises(SpaceError, match=r"'x' is no search space: it lacks size, encode \("):
        check_space(Partial(), "x")
