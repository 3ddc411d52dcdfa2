"""The cache: what is in it is found, what is damaged is made again, and claims exclude."""

import dataclasses
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.schema import Evaluation

Spawn = Callable[[str], subprocess.Popen]

PREAMBLE = """
import sys, time
from pathlib import Path
from nasforge.evaluations.cache import EvaluationCache
cache = EvaluationCache(Path(sys.argv[1]), "train", "d9a262e0f968fba9")
"""
HOLD = """
with cache.claim("aabb"):
    print("claimed", flush=True)
    input()
print("released", flush=True)
"""
COUNT = """
counter = Path(sys.argv[1]) / "counter"
input()
for _ in range(40):
    with cache.claim("aabb"):
        value = int(counter.read_text())
        time.sleep(0.0005)
        counter.write_text(str(value + 1))
"""


@pytest.fixture
def cache(tmp_path: Path) -> EvaluationCache:
    return EvaluationCache(tmp_path, "train", "d9a262e0f968fba9")


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Run Python code beside this process."""
    started = []

    def start(code: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_got(cache: EvaluationCache, evaluation: Evaluation) -> None:
    assert cache.get(evaluation.evaluation_id) is None
    cache.put(evaluation)
    assert repr(cache.get(evaluation.evaluation_id)) == repr(evaluation)


def test_the_path_is_that_of_the_design(
    cache: EvaluationCache, evaluation: Evaluation, tmp_path: Path
) -> None:
    cache.put(evaluation)
    name = evaluation.evaluation_id
    path = tmp_path / "train" / "d9a262e0f968fba9" / name[:2] / f"{name}.json"
    assert cache.path(name) == path
    assert json.loads(path.read_text())["evaluation_id"] == name
    assert files(tmp_path) == [path.name]


def test_a_later_attempt_replaces_an_earlier_one(
    cache: EvaluationCache, evaluation: Evaluation
) -> None:
    cache.put(dataclasses.replace(evaluation, status="failed", error="once"))
    cache.put(dataclasses.replace(evaluation, attempts=2))
    found = cache.get(evaluation.evaluation_id)
    assert (found.status, found.attempts) == ("ok", 2)


def test_looking_makes_no_folder(cache: EvaluationCache, tmp_path: Path) -> None:
    assert cache.get("aabb") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-3],
        lambda content: b"\0" * len(content),
        lambda content: b"\xff\xfe" + content,
        lambda content: b"null",
        lambda content: b"[" * 100_000,
        lambda content: b"9" * 5_000,
        lambda content: content.replace(b'"val_loss": 1.25', b'"val_loss": "low"'),
        lambda content: content.replace(b'"val_loss": 1.25', b'"val_loss": 1' + b"0" * 400),
        lambda content: content.replace(b'"replicate": 0', b'"replicate": 1'),
        lambda content: content.replace(b'"schema_version": 1', b'"schema_version": 2'),
    ],
    ids=[
        "empty",
        "half",
        "without its end",
        "zeros",
        "not utf-8",
        "null",
        "deeply nested",
        "huge number",
        "wrong type",
        "overflow",
        "foreign id",
        "other version",
    ],
)
def test_a_damaged_file_is_logged_and_made_again(
    cache: EvaluationCache,
    evaluation: Evaluation,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes],
) -> None:
    cache.put(evaluation)
    path = cache.path(evaluation.evaluation_id)
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    with caplog.at_level(logging.WARNING):
        assert cache.get(evaluation.evaluation_id) is None
    (record,) = caplog.records
    assert str(path) in record.getMessage()
    cache.put(evaluation)
    assert cache.get(evaluation.evaluation_id) is not None


def test_another_evaluation_under_this_name_is_damage(
    cache: EvaluationCache, evaluation: Evaluation, caplog: pytest.LogCaptureFixture
) -> None:
    key = dataclasses.replace(evaluation.key, replicate=1)
    cache.put(evaluation)
    path = cache.path(key.evaluation_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cache.path(evaluation.evaluation_id).read_bytes())
    assert cache.get(key.evaluation_id) is None
    assert f"holds evaluation {evaluation.evaluation_id}" in caplog.text


def test_a_failed_write_keeps_the_earlier_attempt_and_leaves_nothing(
    cache: EvaluationCache,
    evaluation: Evaluation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.put(evaluation)

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("nasforge.evaluations.files.os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        cache.put(dataclasses.replace(evaluation, attempts=2))
    assert cache.get(evaluation.evaluation_id).attempts == 1
    assert files(tmp_path) == [f"{evaluation.evaluation_id}.json"]


def test_a_claim_leaves_no_file(cache: EvaluationCache, tmp_path: Path) -> None:
    with cache.claim("aabb"):
        assert files(tmp_path) == ["aabb.lock"]
    assert files(tmp_path) == []


def test_a_claim_ends_with_an_exception(cache: EvaluationCache, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), cache.claim("aabb"):
        raise KeyboardInterrupt
    assert files(tmp_path) == []
    with cache.claim("aabb"):
        pass


def test_other_evaluations_can_be_claimed_meanwhile(cache: EvaluationCache) -> None:
    with cache.claim("aabb"), cache.claim("aabc"):
        pass


def test_a_lock_file_of_a_dead_process_does_not_block(
    cache: EvaluationCache, tmp_path: Path
) -> None:
    lock = cache.path("aabb").with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    lock.touch()
    with cache.claim("aabb"):
        pass
    assert files(tmp_path) == []


def test_a_claim_excludes_another_process_until_it_ends(spawn: Spawn) -> None:
    first = spawn(HOLD)
    assert first.stdout.readline() == "claimed\n"
    second = spawn("print('waiting', flush=True)" + HOLD)
    assert second.stdout.readline() == "waiting\n"
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=0.3)
    first.stdin.write("\n")
    first.stdin.flush()
    assert first.stdout.readline() == "released\n"
    assert second.stdout.readline() == "claimed\n"


def test_kill_9_releases_a_claim(spawn: Spawn, cache: EvaluationCache, tmp_path: Path) -> None:
    first = spawn(HOLD)
    assert first.stdout.readline() == "claimed\n"
    second = spawn(HOLD)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert second.stdout.readline() == "claimed\n"
    second.stdin.write("\n")
    second.stdin.flush()
    assert second.stdout.readline() == "released\n"
    assert files(tmp_path) == []
    with cache.claim("aabb"):
        pass


def test_many_claims_of_many_processes_never_overlap(spawn: Spawn, tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    processes = [spawn(COUNT) for _ in range(4)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait(timeout=30) for process in processes] == [0] * 4
    assert (tmp_path / "counter").read_text() == "160"
