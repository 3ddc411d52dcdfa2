"""Whatever a stranger's benchmark holds: it is refused by name, or it answers.

    $ NASFORGE_FUZZ_CASES=20000 pytest tests/test_hostile_benchmarks.py -o timeout=0 -s    # long

No crash, no hang, no code run, no file written, no memory beyond what the files declare.
"""

import argparse
import contextlib
import io
import os
import pickle
import signal
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from every_kind import write_every_kind
from hostile import CHANGES, SURROGATES, Bomb, Case, mutate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from independent_reader import Reader

import nasforge
from nasforge.accelerator import numpy_alone
from nasforge.benchmark.benchmark import Benchmark, Prediction
from nasforge.benchmark.selftest import verify
from nasforge.benchmark.support import SUPPORT_FILE
from nasforge.cli.info import print_info
from nasforge.errors import BenchmarkFormatError, NasforgeError
from nasforge.optimizers.backends.benchmark import BenchmarkBackend
from nasforge.space import DARTS

CASES = int(os.environ.get("NASFORGE_FUZZ_CASES", "0"))
"""How many the long run has; it is left out if there are none."""

HANGS_AFTER_S = 120
"""Hundreds of times what a case takes."""

LOADING_BYTES = 2**22
"""What loading needs, beside twice the declared sizes: for the manifest, and to inflate."""

QUERYING_BYTES = 2**25
"""What queries need themselves, beside twice the declared sizes."""

ARCHITECTURES = [DARTS.sample(np.random.default_rng(seed)) for seed in range(30)]
TEXT = DARTS.format(ARCHITECTURES[0])
OURS = settings(
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


class HangError(BaseException):
    """Not an Exception, which readers of broken files catch."""


class Sound:
    """A sound benchmark in a folder, its content and its answers."""

    def __init__(self, parent: Path) -> None:
        self.marker = parent / "unpickled"
        self.folder = write_every_kind(parent)
        self.contents = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        self.answers: dict[str, Prediction] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()
        for surrogate in SURROGATES:  # and what is made once is made here
            bench = nasforge.load(self.folder, surrogate)
            self.answers[surrogate] = bench.query(ARCHITECTURES[0])
            ask(bench)
        self.answers["None"] = nasforge.load(self.folder).query(ARCHITECTURES[0])
        verify(self.folder, DARTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return Sound(tmp_path_factory.mktemp("hostile"))


def ask(bench: Benchmark) -> Prediction:
    """All that a benchmark can be asked; the plain answer to the first architecture."""
    seed = None if bench.manifest.targets["val_accuracy"].noise is None else 1
    few, many = ARCHITECTURES[:3], ARCHITECTURES
    for answer in (bench.query_many(many), bench.query_many(few, noise_seed=seed)):
        for target, entry in bench.manifest.targets.items():
            known = answer[target][~np.isnan(answer[target])]
            assert len(known) or entry.noise is None
            assert entry.unit != "fraction" or ((known >= 0) & (known <= 1)).all()
    if bench.manifest.curve is not None:
        curve = bench.curve(ARCHITECTURES[0])
        assert len(curve) == bench.manifest.curve.epochs
        assert ((curve >= 0) & (curve <= 1)).all()
    if SUPPORT_FILE in bench.manifest.files:
        shares = bench.support(many)
        assert ((shares >= 0) & (shares <= 1)).all()
    BenchmarkBackend(bench, noisy=False)  # asks for the best known
    for as_json in (False, True):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(stream):
            for scores in (False, True):
                print_info(bench, argparse.Namespace(json=as_json, scores=scores))
            stream.flush()
    return bench.query(ARCHITECTURES[0])


@contextlib.contextmanager
def watched(limit: int | None) -> Iterator[None]:
    """Raise if what is done inside hangs, or takes more memory than that (watched, it is slow)."""

    def hangs(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANGS_AFTER_S)
    if limit is not None:
        tracemalloc.start()
    try:
        yield
        assert limit is None or tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(sound: Sound, case: Case, rng: Random) -> None:
    """One case ends well."""
    path = case.write(sound.folder, sound.contents)
    around = sorted(sound.folder.parent.iterdir())
    try:
        outcome = _outcome(sound, case, path, rng)
        assert sorted(sound.folder.parent.iterdir()) == around
        assert not sound.marker.exists()
    finally:
        case.undo(sound.folder, sound.contents)
    sound.outcomes[case.kind, outcome] += 1


def _outcome(sound: Sound, case: Case, path: Path, rng: Random) -> str:
    sizes = [len(content or b"") for content in {**sound.contents, **case.changed}.values()]
    accelerated, verified, traced = (rng.random() < share for share in (0.5, 0.1, 0.2))
    with (
        warnings.catch_warnings(),
        contextlib.nullcontext() if accelerated else numpy_alone(),
    ):
        warnings.simplefilter("ignore", RuntimeWarning)  # an overflow, before it is refused
        try:
            with watched(2 * sum(sizes) + LOADING_BYTES if traced else None):
                bench = nasforge.load(path, case.surrogate)
            with watched(2 * sum(sizes) + QUERYING_BYTES if traced else None):
                answer = ask(bench)
                if verified:
                    verify(path, DARTS)
        except BenchmarkFormatError as error:
            assert_names_the_place(str(error), sound.contents, path)
            return "refused"
        except NasforgeError as error:
            if "has no surrogate" not in str(error):  # its name was changed
                raise
            return "refused"
    if case.harmless:
        assert_same(answer, vars(sound.answers[str(case.surrogate)]))
    if case.structural:
        assert_same(answer, Reader(path, case.surrogate).query(TEXT))
    return "answers"


def assert_names_the_place(message: str, contents: Mapping[str, bytes], path: Path) -> None:
    """A file or the zip, or a target whose prediction is not finite; in one short line."""
    assert any(name in message for name in (*contents, str(path), "answers nan or infinity"))
    assert message.isprintable()
    assert len(message) < 600 + len(str(path))


def assert_same(answer: Prediction, expected: Mapping[str, Any]) -> None:
    for name, value in expected.items():
        if value is None:
            assert getattr(answer, name) is None, name
        else:
            assert getattr(answer, name) == pytest.approx(value, rel=1e-6, abs=1e-9), name


@pytest.mark.parametrize("change", CHANGES)
@settings(OURS, max_examples=8, derandomize=True)
@given(rng=st.randoms(use_true_random=False))
def test_a_hostile_benchmark_is_refused_or_answers(sound: Sound, change: str, rng: Random) -> None:
    check(sound, mutate(CHANGES[change], rng, sound.contents, sound.marker), rng)


@pytest.mark.slow
@pytest.mark.skipif(not CASES, reason="the long run: set NASFORGE_FUZZ_CASES=20000")
@settings(OURS, max_examples=max(1, CASES))
@given(seed=st.integers(0, 2**64 - 1))
def test_very_many_hostile_benchmarks(sound: Sound, seed: int) -> None:
    rng = Random(seed)
    change = CHANGES[rng.choice(sorted(CHANGES))]
    check(sound, mutate(change, rng, sound.contents, sound.marker), rng)


def test_hostile_benchmarks_were_of_all_kinds(sound: Sound) -> None:
    kinds = {kind for kind, _ in sound.outcomes}
    for kind in sorted(kinds):
        print(f"{kind:24}", {o: n for (k, o), n in sound.outcomes.items() if k == kind})
    print(f"{sound.outcomes.total()} cases")
    assert len(kinds) >= len(CHANGES)
    assert {outcome for _, outcome in sound.outcomes} == {"refused", "answers"}


def test_the_marker_of_code_that_runs_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "unpickled")))
    assert (tmp_path / "unpickled").is_dir()
