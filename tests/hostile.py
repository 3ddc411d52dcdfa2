"""Benchmarks as a stranger might send them: a sound one, changed at random to do harm.

    >>> case = mutate(CHANGES["array"], random.Random(0), contents, marker)
    >>> path = case.write(folder, contents)

Files are changed together with their checksums where that leads further in, so that what is tested
is the reading of what they hold. Objects in arrays are pickles that make a folder when unpickled.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from every_kind import ENCODINGS

MANIFEST = "manifest.json"
SURROGATES = (*ENCODINGS, "blend")
STRUCTURE = ("feature", "left", "right", "root", "first_tree", "first_row", "kernel", "columns")
"""Arrays of integers whose values decide how others are read."""

VALUES = (
    *(None, True, False, 0, 1, -1, 2, 1.5, -0.0, 1e-320, 1e299, 1e308, float("nan"), float("inf")),
    *(2**31, 2**40, 2**63, 2**64, -(2**70), 10**30, 10**400),
    *(
        "",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        "a/b",
        MANIFEST,
        "os:system",
        "x" * 200,
        "\0",
        "\ud800",
    ),
    *("identity", "log", "log_error", "fraction", "s", "darts", "val_accuracy", "\x1b[2J", "\n"),
    *("linear", "forest", "kernel", "gin", "mlp", "one_hot", "paths", "graph", "features"),
    *("gin.val_accuracy.npz", "selftest.npz", "curve.basis.npz", "CARD.md"),
    *([], {}, [[]], {"": 1}, [0] * 100, ["x"], {"a": {"b": {}}}),
)
NUMBERS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 1e30, 1e-320, 0.0, -1.0, 7.0)
INTEGERS = (-1, 0, 1, 2, 3, 6, 13, 14, 438, 439, 440, 2**31 - 1, -(2**31), 10**6)
DTYPES = ("f4", "f8", "i4", "i8", "u1", ">f8", ">i4", "f2", "c16", "?", "U3", "S2", "M8[s]", "V4")
SHAPES = (
    *("(10000000000,)", "(100000, 100000, 100000)", "(-1,)", "(0, 1180591620717411303424)"),
    *("()", "(1,)", "(2, 3)", "3", "'a'", "(True,)", "((((", "-" * 500 + "1", "(1,) * 10**9"),
)
GENOTYPES = (
    "Genotype(" * 200,
    "Genotype(normal=[], normal_concat=range(2, 6), reduce=[], reduce_concat=range(10 ** 9))",
    "Genotype(normal=__import__('os').getcwd(), normal_concat=1, reduce=1, reduce_concat=1)",
    "Genotype(**{'\x1b[2J': 1})",
    "normal:\x1b[2J@0+\n@1-reduce:",
    "normal:" + "/" * 10**5 + "-reduce:",
    "normal:" + "-reduce:" * 100,
)
NAMES = ("../x", "/etc/x", "a/b/c", "a\\b", ".x", "C:x", "x" * 200, "manifest.json", "CARD.md", "ä")


class Bomb:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


@dataclass
class Case:
    """One changed benchmark.

    Attributes:
        kind: How it was changed.
        surrogate: Which one to load.
        changed: New content of files; None removes one.
        harmless: Nothing that is read has changed, so if it loads it answers as before.
        structural: Only places changed, no weights, so a slow reader can tell the answer.
        zipped: What to do with the names and bytes of a zip; None for a folder.
    """

    kind: str
    surrogate: str | None
    changed: dict[str, bytes | None] = field(default_factory=dict)
    harmless: bool = False
    structural: bool = False
    zipped: Callable[[dict[str, bytes]], bytes] | None = None

    def write(self, folder: Path, contents: Mapping[str, bytes]) -> Path:
        """Write the changed files over a sound folder, or a zip beside it; `undo` takes it back."""
        if self.zipped is not None:
            path = folder.with_suffix(".zip")
            path.write_bytes(self.zipped(self._all(contents)))
            return path
        for name, content in self.changed.items():
            if content is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(content)
        return folder

    def undo(self, folder: Path, contents: Mapping[str, bytes]) -> None:
        """Make the folder sound again."""
        folder.with_suffix(".zip").unlink(missing_ok=True)
        for name in self.changed if self.zipped is None else ():
            (folder / name).unlink(missing_ok=True)
            if name in contents:
                (folder / name).write_bytes(contents[name])

    def _all(self, contents: Mapping[str, bytes]) -> dict[str, bytes]:
        merged = {**contents, **self.changed}
        return {name: content for name, content in merged.items() if content is not None}


Change = Callable[[Random, Mapping[str, bytes], Path], Case]


def mutate(change: Change, rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """A random change.

    Args:
        change: One of `CHANGES`.
        rng: Where chance comes from.
        contents: The files of a sound benchmark of every kind.
        marker: The folder that a pickle would make.
    """
    case = change(rng, contents, marker)
    if case.zipped is None and rng.random() < 0.1:
        case.zipped = _plain_zip
    return case


def seal(contents: Mapping[str, bytes], changed: Mapping[str, bytes | None]) -> bytes:
    """The manifest with the sizes and checksums of the changed files."""
    data = json.loads(contents[MANIFEST])
    for name, content in changed.items():
        if content is not None:
            entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            data["files"][name] = entry
    return json.dumps(data).encode()


def _sealed(case: Case, contents: Mapping[str, bytes]) -> Case:
    case.changed[MANIFEST] = seal(contents, case.changed)
    return case


def _some_arrays(rng: Random, contents: Mapping[str, bytes]) -> tuple[str, str]:
    """A file of arrays, and a surrogate that needs it."""
    name = rng.choice([name for name in contents if name.endswith(".npz")])
    family = name.partition(".")[0]
    return name, family if family in SURROGATES else rng.choice(SURROGATES)


def _values(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Values in the manifest replaced, removed, added, or swapped."""
    data = json.loads(contents[MANIFEST])
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        place, key = rng.choice(_places(data))
        action = rng.choice(("replace", "replace", "replace", "remove", "add", "swap"))
        if action == "replace":
            place[key] = copy.deepcopy(rng.choice(VALUES))
        elif action == "remove":
            del place[key]
        elif action == "swap":
            other, name = rng.choice(_places(data))
            place[key], other[name] = copy.deepcopy(other[name]), copy.deepcopy(place[key])
        elif isinstance(place, list):
            place.append(copy.deepcopy(rng.choice(VALUES)))
        else:
            name = rng.choice([value for value in VALUES if isinstance(value, str)])
            place[name] = copy.deepcopy(rng.choice((place[key], *VALUES)))
        if not data:
            break
    surrogate = rng.choice((None, *SURROGATES))
    return Case("values of the manifest", surrogate, {MANIFEST: json.dumps(data).encode()})


def _places(value: Any) -> list[tuple[Any, Any]]:
    """All keys and positions in a JSON value, with what they are in."""
    keys = value if isinstance(value, dict) else range(len(value))
    places = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            places += _places(value[key])
    return places


def _text(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """The manifest's bytes changed."""
    content = _damaged(rng, contents[MANIFEST])
    return Case("bytes of the manifest", rng.choice(SURROGATES), {MANIFEST: content})


def _bytes(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """A file's bytes changed."""
    name, surrogate = _some_arrays(rng, contents)
    case = Case("bytes of a file", surrogate, {name: _damaged(rng, contents[name])})
    if rng.random() < 0.2:
        case.harmless = True
        return case
    return _sealed(case, contents)


def _damaged(rng: Random, content: bytes) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        if rng.random() < 0.3:  # where zips have their headers
            at = max(0, len(data) - rng.randrange(1, 400))
        action = rng.choice(("cut", "flip", "flip", "flip", "insert", "remove", "zero", "repeat"))
        size = rng.choice((1, 2, 4, 8, 100))
        if action == "cut":
            del data[at:]
        elif action == "flip" and at < len(data):
            data[at] ^= rng.randrange(1, 256)
        elif action == "insert":
            pieces = (b"\xff" * size, b"[" * 5000, b"NaN", b"9" * 5000, b"PK\x05\x06", b'"', b"\\")
            data[at:at] = rng.choice(pieces)
        elif action == "remove":
            del data[at : at + size]
        elif action == "zero":
            data[at : at + size] = bytes(len(data[at : at + size]))
        else:
            data[at:at] = data[at : at + size] * rng.choice((1, 50))
    return bytes(data)


def _swap(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """A file in another's place, or missing."""
    name, surrogate = _some_arrays(rng, contents)
    if rng.random() < 0.2:
        return Case("files missing", surrogate, {name: None}, harmless=True)
    other, _ = _some_arrays(rng, contents)
    case = Case("files swapped", surrogate, {name: contents[other], other: contents[name]})
    return _sealed(case, contents)


def _array(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Arrays of other values, shapes and types."""
    name, surrogate = _some_arrays(rng, contents)
    with np.load(io.BytesIO(contents[name])) as read:
        arrays = dict(read)
    for _ in range(rng.choice((1, 1, 2))):
        key = rng.choice(sorted(arrays))
        action = rng.choice(
            ("value", "value", "value", "shape", "dtype", "remove", "add", "pickle")
        )
        if action == "value":
            arrays[key] = _with_value(rng, arrays[key])
        elif action == "shape":
            arrays[key] = _reshaped(rng, arrays[key])
        elif action == "dtype":
            arrays[key] = _cast(rng, arrays[key])
        elif action == "pickle":
            arrays[key] = np.array([Bomb(marker)], dtype=object)
        elif action == "add" or len(arrays) == 1:
            arrays[rng.choice(("more", "weights", "../x", "root"))] = arrays[key]
        else:
            del arrays[key]
    return _sealed(Case("arrays", surrogate, {name: _npz(arrays)}), contents)


def _beside(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Arrays of the files that are no predictors: the curve's basis, what was learnt."""
    few = {name: contents[name] for name in (MANIFEST, "curve.basis.npz", "support.npz")}
    case = rng.choice((_array, _header))(rng, few, marker)
    case.kind = "curve and support"
    return case


def _best(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Another text in the place of the best known architecture."""
    data = json.loads(contents[MANIFEST])
    text = data["best_known"]["architecture"]
    if rng.random() < 0.8:
        text = _damaged(rng, text.encode()).decode("utf-8", "replace")
    else:
        text = rng.choice(GENOTYPES)
    data["best_known"]["architecture"] = text
    changed: dict[str, bytes | None] = {MANIFEST: json.dumps(data).encode()}
    return Case("best known", rng.choice(SURROGATES), changed)


def _structure(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Children, roots, columns and first rows elsewhere: cycles, places out of range."""
    kind = rng.choice(("forest", "forest", "forest", "kernel", "mlp"))
    name = rng.choice([name for name in contents if name.startswith(f"{kind}.")])
    with np.load(io.BytesIO(contents[name])) as read:
        arrays = dict(read)
    if rng.random() < 0.5:  # so that numbers of 32 bits have a place
        arrays |= {key: array.astype("i4") for key, array in arrays.items() if key in STRUCTURE}
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        array = arrays[rng.choice([key for key in STRUCTURE if key in arrays])]
        near = int(array[rng.randrange(len(array))])  # what another one has
        value = rng.choice((*INTEGERS, near, near + 1, near - 1, len(array), rng.randrange(45)))
        limits = np.iinfo(array.dtype)
        array[rng.randrange(len(array))] = max(limits.min, min(value, limits.max))
    return _sealed(Case("structure", kind, {name: _npz(arrays)}, structural=True), contents)


def _with_value(rng: Random, array: np.ndarray) -> np.ndarray:
    array = array.copy()
    for _ in range(rng.choice((1, 1, 3))):
        if array.size and array.dtype.kind in "fiu":
            values = NUMBERS if array.dtype.kind == "f" else INTEGERS
            value = np.array(rng.choice(values))
            with np.errstate(over="ignore"):
                array.flat[rng.randrange(array.size)] = value.astype(array.dtype)
    return array


def _reshaped(rng: Random, array: np.ndarray) -> np.ndarray:
    changes: tuple[Callable[[], np.ndarray], ...] = (
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: array[..., None],
        lambda: array.T,
        lambda: array[:0],
        lambda: array[:-1],
        lambda: array[..., :0],
        lambda: np.array(0, array.dtype),
        lambda: np.concatenate([array, array]),
        lambda: np.repeat(array, 3, axis=-1),
        lambda: np.zeros((2,) * 32, "u1"),
    )
    change = rng.choice(changes[:10] if rng.random() < 0.99 else changes)
    try:
        return change()
    except (ValueError, IndexError):  # of an array without axes
        return array[None]


def _cast(rng: Random, array: np.ndarray) -> np.ndarray:
    dtype = np.dtype(rng.choice(DTYPES))
    if rng.random() < 0.1:
        dtype = np.dtype([("a", "f4"), ("b", "i4")])
    with np.errstate(all="ignore"):
        try:
            return array.astype(dtype)
        except (ValueError, TypeError):
            return np.zeros(array.shape, dtype)


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), _npy(array))
    return buffer.getvalue()


def _npy(array: np.ndarray) -> bytes:
    member = io.BytesIO()
    np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=True)
    return member.getvalue()


def _header(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """The header of an array says something else than what follows."""
    name, surrogate = _some_arrays(rng, contents)
    with np.load(io.BytesIO(contents[name])) as read:
        arrays = dict(read)
    key = rng.choice(sorted(arrays))
    array = arrays[key]
    shape = rng.choice((*SHAPES, str(array.shape)))
    descr = rng.choice((repr(array.dtype.str), "'|O'", "'<f8'", "'|V0'", "[]", "3", "'<U9999999'"))
    order = rng.choice(("False", "False", "True", "0"))
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"
    text += rng.choice(("\n", "\n", "", " " * 60000 + "\n"))
    version = rng.choice((b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\xff\xff"))
    content = array.tobytes()
    if "O" in descr:
        content = pickle.dumps([Bomb(marker)])
    head = b"\x93NUMPY" + version + struct.pack("<H", len(text) % 2**16) + text.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", rng.choice((0, 0, 0, zipfile.ZIP_DEFLATED))) as archive:
        for other, values in arrays.items():
            archive.writestr(f"{other}.npy", head + content if other == key else _npy(values))
    return _sealed(Case("headers of arrays", surrogate, {name: buffer.getvalue()}), contents)


def _sizes(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """Sizes that the zip of an array file declares."""
    name, surrogate = _some_arrays(rng, contents)
    data = bytearray(contents[name])
    ends = [i for i in range(len(data) - 4) if data[i : i + 4] in (b"PK\1\2", b"PK\3\4")]
    at = rng.choice(ends)
    first = 20 if data[at : at + 4] == b"PK\1\2" else 18
    size = rng.choice((0, 1, 100, len(data), 2**24, 2**31, 2**32 - 2, 2**32 - 1))
    for offset in rng.choice(((first, first + 4), (first,), (first + 4,), (42,))):
        if at + offset + 4 <= len(data):
            struct.pack_into("<I", data, at + offset, size)
    return _sealed(Case("sizes in a file", surrogate, {name: bytes(data)}), contents)


def _bomb(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """A file of a zip that unpacks to far more than the manifest says, or as much as it says."""
    name, surrogate = _some_arrays(rng, contents)
    size = rng.choice((2**20, 2**22, 2**24))
    case = Case("bombs", surrogate, {name: bytes(size)}, zipped=_plain_zip)
    if rng.random() < 0.3:
        return _sealed(case, contents)
    if rng.random() < 0.5:
        case.zipped = lambda files: _lying_zip(files, size, rng.choice((100, len(contents[name]))))
    return case


def _container(rng: Random, contents: Mapping[str, bytes], marker: Path) -> Case:
    """A zip with other names, twice the same name, other compressions, or damaged."""
    kind = rng.choice(("name", "folder", "twice", "method", "damage", "damage", "comment"))
    name = rng.choice(NAMES)
    method = rng.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED))
    seed = rng.randrange(2**32)

    def zipped(files: dict[str, bytes]) -> bytes:
        if kind == "method":
            return _plain_zip(files, method)
        data = io.BytesIO(_plain_zip(files))
        with zipfile.ZipFile(data, "a") as archive:
            if kind == "name" and name not in files:
                archive.writestr(name, b"{}")
            elif kind == "folder":
                archive.writestr(f"other/{name}", b"{}")
            elif kind == "twice":
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    archive.writestr("b/manifest.json", b"{}")
            elif kind == "comment":
                archive.comment = b"PK\5\6" + bytes(30)
        content = data.getvalue()
        return _damaged(Random(seed), content) if kind == "damage" else content

    return Case("zips", rng.choice(SURROGATES), harmless=True, zipped=zipped)


def _plain_zip(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(f"b/{name}", content)
    return buffer.getvalue()


def _lying_zip(files: Mapping[str, bytes], size: int, said: int) -> bytes:
    """Entries of `size` bytes say that they have fewer."""
    true, false = size.to_bytes(4, "little"), said.to_bytes(4, "little")
    return _plain_zip(files).replace(true, false)


CHANGES: dict[str, Change] = {
    "values": _values,
    "text": _text,
    "bytes": _bytes,
    "swap": _swap,
    "array": _array,
    "beside": _beside,
    "best": _best,
    "structure": _structure,
    "header": _header,
    "sizes": _sizes,
    "bomb": _bomb,
    "container": _container,
}
"""How a benchmark can be changed."""
