"""Packed cache entries: found, unchanged, and nothing lost at any moment."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations import cache as cache_module
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.packs import packs_in, read_pack, read_packed, write_pack
from nasforge.evaluations.schema import Evaluation


@pytest.fixture
def cache(tmp_path: Path, evaluation: Evaluation) -> EvaluationCache:
    return EvaluationCache(tmp_path, "train", evaluation.recipe_id)


def rows(evaluation: Evaluation, n: int, first: int = 0, **changes: object) -> list[Evaluation]:
    """Evaluations whose entries are in one folder."""
    made = []
    replicate = first
    while len(made) < n:
        row = replace(evaluation, replicate=replicate, test_accuracy=0.5, **changes)
        row = replace(row, evaluation_id=row.key.evaluation_id)
        if row.evaluation_id.startswith("0"):
            made.append(row)
        replicate += 1
    return made


def put(cache: EvaluationCache, made: list[Evaluation]) -> dict[str, bytes]:
    for row in made:
        cache.put(row)
    return {row.evaluation_id: cache.path(row.evaluation_id).read_bytes() for row in made}


def files(cache: EvaluationCache) -> list[Path]:
    return sorted(path for path in cache.root.rglob("*") if path.is_file())


def test_packed_entries_are_found_and_unchanged(
    cache: EvaluationCache, evaluation: Evaluation
) -> None:
    made = rows(evaluation, 40)
    entries = put(cache, made)
    assert cache.compact(fewest=1) == 40
    packs = {pack for pack in files(cache) if pack.suffix == ".zip"}
    assert set(files(cache)) == packs
    assert len(packs) <= 16
    held = {name: entry for pack in packs for name, entry in read_pack(pack).items()}
    assert held == entries
    assert [cache.get(row.evaluation_id) for row in made] == made
    assert cache.get("00" * 8) is None
    assert {row.evaluation_id for row in cache.evaluations()} == set(entries)
    assert cache.compact(fewest=1) == 0


def test_few_files_stay_files(cache: EvaluationCache, evaluation: Evaluation) -> None:
    put(cache, rows(evaluation, 5))
    before = files(cache)
    assert cache.compact() == 0
    assert files(cache) == before


def test_failed_ones_stay_files_and_are_forgotten_by_retry(
    cache: EvaluationCache, evaluation: Evaluation
) -> None:
    ok = rows(evaluation, 10)
    failed = rows(evaluation, 10, first=10_000, status="failed", error="once")
    put(cache, ok + failed)
    assert cache.compact(fewest=1) == 10
    assert {path.stem for path in files(cache) if path.suffix == ".json"} == {
        row.evaluation_id for row in failed
    }
    assert cache.retry() == 10
    assert [cache.get(row.evaluation_id) for row in failed] == [None] * 10
    assert [cache.get(row.evaluation_id) for row in ok] == ok


def test_packs_grow_together(
    cache: EvaluationCache, evaluation: Evaluation, tmp_path: Path
) -> None:
    for step in range(16):
        put(cache, rows(evaluation, 16, first=10_000 * step))
        cache.compact(fewest=1)
    folders = {pack.parent for pack in files(cache)}
    assert max(len(packs_in(folder)) for folder in folders) <= 6
    assert len(list(cache.evaluations())) == 16 * 16


def test_a_file_written_anew_counts_before_its_pack(
    cache: EvaluationCache, evaluation: Evaluation
) -> None:
    [row] = rows(evaluation, 1)
    put(cache, [row])
    cache.compact(fewest=1)
    cache.put(replace(row, attempts=2))
    assert cache.get(row.evaluation_id).attempts == 2
    cache.compact(fewest=1)
    assert cache.get(row.evaluation_id).attempts == 2


def test_a_truncated_pack_is_reported_and_made_again(
    cache: EvaluationCache, evaluation: Evaluation, caplog: pytest.LogCaptureFixture
) -> None:
    made = rows(evaluation, 3)
    put(cache, made)
    cache.compact(fewest=1)
    pack = files(cache)[0]
    lost = sorted(read_pack(pack))
    pack.write_bytes(pack.read_bytes()[:-30])
    with caplog.at_level(logging.WARNING):
        assert cache.get(lost[0]) is None
    assert f"{pack} is damaged; what was in it will be made again" in caplog.text
    put(cache, [row for row in made if row.evaluation_id in lost])
    cache.compact(fewest=1)
    assert pack.with_suffix(".damaged").exists()
    assert {row.evaluation_id for row in cache.evaluations()} == {r.evaluation_id for r in made}


def test_a_link_that_leads_nowhere_is_no_pack(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, {"0" * 16: b"{}"})
    (tmp_path / "gone.zip").symlink_to(tmp_path / "nowhere.zip")
    assert packs_in(tmp_path) == [pack]
    assert read_packed(tmp_path, "0" * 16) == [b"{}"]


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_any_flipped_byte_is_damage_or_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    entries = {f"{i:016x}": f'{{"number": {i}}}'.encode() for i in range(4)}
    pack = write_pack(tmp_path, entries)
    whole = pack.read_bytes()
    rng = random.Random(0)
    damaged = []
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= rng.randrange(1, 256)
        pack.write_bytes(bytes(flipped))
        # Looking an entry up never stops a campaign: it is found as it was, or not at all.
        for name, entry in entries.items():
            assert read_packed(tmp_path, name) in ([], [entry])
        try:
            assert set(read_pack(pack).values()) <= set(entries.values())
        except EvaluationsError as error:
            damaged.append(str(error))
    assert len(damaged) > len(whole) / 4
    assert all(text.startswith(f"{pack} is damaged: ") for text in damaged)


def test_a_disk_that_cannot_be_written_keeps_the_files(
    cache: EvaluationCache,
    evaluation: Evaluation,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(cache, rows(evaluation, 5))
    before = files(cache)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module, "write_pack", full)
    assert cache.compact(fewest=1) == 0
    assert files(cache) == before
    assert "cannot be packed" in caplog.text


COMPACT = """
import sys
from pathlib import Path
from nasforge.evaluations.cache import EvaluationCache
print("ready", flush=True)
print(EvaluationCache(Path(sys.argv[1]), "train", sys.argv[2]).compact(fewest=1), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after_ms", [0, 3, 10, 30])
def test_kill_9_while_packing_loses_nothing(
    cache: EvaluationCache, evaluation: Evaluation, after_ms: int
) -> None:
    made = rows(evaluation, 150)
    entries = put(cache, made)
    process = subprocess.Popen(
        [sys.executable, "-c", COMPACT, str(cache.root), cache.recipe_id],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after_ms / 1000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert [cache.get(row.evaluation_id) for row in made] == made
    cache.compact(fewest=1)
    assert [json.loads(json.dumps(row.to_json())) for row in cache.evaluations()] == [
        json.loads(entries[name]) for name in sorted(entries)
    ]
    assert [path.suffix for path in files(cache) if path.suffix not in (".zip", ".lock")] == []
