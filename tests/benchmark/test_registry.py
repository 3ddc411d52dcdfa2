"""Finding benchmarks and their spaces."""

import dataclasses
import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import nasforge
from nasforge.benchmark import registry
from nasforge.benchmark.fingerprint import space_fingerprint
from nasforge.benchmark.frozen import write_zip
from nasforge.benchmark.manifest import Manifest
from nasforge.errors import BenchmarkFormatError, UnknownBenchmarkError
from nasforge.space import DARTS
from nasforge.space import registry as spaces
from nasforge.space.darts.space import DartsSpace


class UserSpace(DartsSpace):
    name = "mine"


MINE = UserSpace()


@pytest.fixture
def users_benchmark(write_tiny: Callable[..., Path], manifest: Manifest) -> Path:
    """A benchmark of `UserSpace`."""
    space = {"name": "mine", "version": 1, "fingerprint": space_fingerprint(MINE)}
    return write_tiny(space={**manifest.space, **space})


def test_a_path_loads_as_text_and_as_path(tiny_benchmark: Path) -> None:
    assert nasforge.load(str(tiny_benchmark)).name == nasforge.load(tiny_benchmark).name


def test_a_shipped_benchmark_loads_by_name(
    tiny_benchmark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shipped").mkdir()
    write_zip(tiny_benchmark, tmp_path / "shipped" / "tiny-v1.zip")
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shipped")
    monkeypatch.chdir(tmp_path / "shipped")
    assert nasforge.available() == ("tiny-v1",)
    assert nasforge.load("tiny-v1").name == "tiny-v1/linear"


@pytest.mark.parametrize("name", ["darts-nowhere-v1", "no/such/folder", "a\0b", "two\nlines"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(
        UnknownBenchmarkError, match=r"no benchmark '.*neither a folder, a .zip, nor"
    ):
        nasforge.load(name)


def test_the_benchmark_in_a_folder_of_results_is_named(write_tiny: Callable[..., Path]) -> None:
    folder = write_tiny()
    (folder.parent / "notes").mkdir()
    with pytest.raises(UnknownBenchmarkError, match=f"no benchmark itself; {folder} in it is one"):
        nasforge.load(folder.parent)
    results = folder.parent / "results"
    (results / "export").mkdir(parents=True)
    folder.rename(results / "export" / folder.name)
    with pytest.raises(UnknownBenchmarkError, match=f"{results}/export/{folder.name} in it"):
        nasforge.load(results)
    with pytest.raises(BenchmarkFormatError, match=r"manifest\.json: cannot be read"):
        nasforge.load(folder.parent / "notes")


def test_an_unknown_name_is_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        nasforge.load("darts-nowhere-v1")


def test_a_folder_that_is_no_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFormatError, match=r"manifest\.json: cannot be read"):
        nasforge.load(tmp_path)


def test_a_users_space_is_passed_as_an_object(users_benchmark: Path) -> None:
    bench = nasforge.load(users_benchmark, space=MINE)
    assert bench.space is MINE
    assert 0.0 <= bench.query(MINE.from_vector([0] * 22)).val_accuracy <= 1.0


def test_a_space_that_is_not_installed_is_named(users_benchmark: Path) -> None:
    with pytest.raises(BenchmarkFormatError, match=r"'mine' is not installed.*space=OBJECT"):
        nasforge.load(users_benchmark)


def test_an_installed_space_is_found_by_its_entry_point(
    users_benchmark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed(EntryPoint):
        def load(self) -> UserSpace:
            return MINE

    points = [Installed("other", "os:sep", "nasforge.spaces"), Installed("mine", "x:y", "")]
    monkeypatch.setattr(
        spaces, "entry_points", lambda group: points if group == "nasforge.spaces" else []
    )
    assert nasforge.load(users_benchmark).space is MINE


def test_no_name_in_a_file_is_imported(write_tiny: Callable[..., Path], manifest: Manifest) -> None:
    folder = write_tiny(space={**manifest.space, "name": "antigravity:x"})
    with pytest.raises(BenchmarkFormatError, match="is not installed"):
        nasforge.load(folder)


def test_another_space_than_the_benchmarks_is_refused(
    users_benchmark: Path, tiny_benchmark: Path
) -> None:
    with pytest.raises(BenchmarkFormatError, match="another version of space"):
        nasforge.load(tiny_benchmark, space=MINE)


def test_a_space_without_costs_answers_none(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    class Costless:
        """DARTS, with nothing beyond the protocol."""

        name, version, size = "costless", 1, DARTS.size
        variables, encodings = DARTS.variables, DARTS.encodings

        def __getattr__(self, name: str) -> object:
            if name in ("params", "macs"):
                raise AttributeError(name)
            return getattr(DARTS, name)

    space = Costless()
    fingerprint = space_fingerprint(space)
    bench = nasforge.load(
        write_tiny(space={**manifest.space, "name": "costless", "fingerprint": fingerprint}),
        space=space,
    )
    answer = bench.query(DARTS.from_vector([0] * 22))
    assert (answer.params, answer.macs) == (None, None)
    assert dataclasses.asdict(answer)["val_accuracy"] is not None


def test_a_newer_format_is_refused(tiny_benchmark: Path) -> None:
    path = tiny_benchmark / "manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "format_version": 99}))
    with pytest.raises(BenchmarkFormatError, match="format_version 99 is newer"):
        nasforge.load(tiny_benchmark)
