"""Finding a search space by name.

    >>> find_space("darts")                  # ours, or an installed package's
    >>> resolve_space("my_package.spaces:SPACE")   # a user's own, named by the user

`find_space` is safe with a name that was read in a file: it imports only what a package that the
user installed registered under the entry point group `nasforge.spaces`. `resolve_space` imports
what it is told to, so it is for names that come from the user: a config, an option, a call.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from operator import attrgetter

from nasforge.errors import SpaceError
from nasforge.space.darts import DARTS
from nasforge.space.protocol import SearchSpace, missing_members

GROUP = "nasforge.spaces"
"""Entry points: the name of a space = the object."""

BUILT_IN: dict[str, SearchSpace] = {DARTS.name: DARTS}
"""The spaces that come with nasforge."""


def find_space(name: str) -> SearchSpace:
    """A built-in space, or one that an installed package registered.

    Raises:
        SpaceError: There is none of this name, or what is registered is no search space.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    registered = {entry_point.name: entry_point for entry_point in entry_points(group=GROUP)}
    if name not in registered:
        known = ", ".join([*BUILT_IN, *registered])
        raise SpaceError(f"search space {name[:60]!r} is not installed; there are: {known}")
    return _loaded(name, registered[name].load)


def resolve_space(reference: str) -> SearchSpace:
    """A space by name, or by `module:OBJECT`.

    Args:
        reference: What the user wrote; never what a file of a stranger says.

    Raises:
        SpaceError: There is none, it cannot be imported, or is no search space.
    """
    if ":" not in reference:
        try:
            return find_space(reference)
        except SpaceError as error:
            raise SpaceError(f"{error}; your own is given as module:OBJECT") from None
    module, _, attribute = reference.partition(":")
    return _loaded(reference, lambda: attrgetter(attribute)(import_module(module)))


def check_space(space: object, name: str) -> SearchSpace:
    """`space`, if it has all that a search space must have.

    Raises:
        SpaceError: It has not.
    """
    if isinstance(space, type):
        raise SpaceError(f"{name!r} is a class; a search space is an object, such as {name}()")
    missing = missing_members(space)
    if missing:
        raise SpaceError(
            f"{name!r} is no search space: it lacks {', '.join(missing)} "
            "(see nasforge.space.SearchSpace)"
        )
    return space


def _loaded(name: str, load: Callable[[], object]) -> SearchSpace:
    try:
        space = load()
    except Exception as error:  # a user's module may raise anything
        raise SpaceError(
            f"search space {name!r} cannot be imported "
            f"({type(error).__name__}: {error}); is its module installed or on PYTHONPATH?"
        ) from None
    return check_space(space, name)
