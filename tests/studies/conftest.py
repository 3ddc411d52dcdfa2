"""What tests of figures share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest
from matplotlib.axes import Axes

from nasforge.studies import style


@pytest.fixture
def watch_figures(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], list[Axes]]:
    """Collects the axes of the figures that a module draws in a test, to look at."""

    def watch(module: ModuleType) -> list[Axes]:
        seen: list[Axes] = []

        @contextmanager
        def spy(*arguments: object, **options: object) -> Iterator[list[Axes]]:
            with style.figure(*arguments, **options) as axes:
                seen.extend(axes)
                yield axes

        monkeypatch.setattr(module, "figure", spy)
        return seen

    return watch
