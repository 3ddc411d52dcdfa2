"""What breaks while the workflow trains for real, or reads what is there: nothing lost or repeated.

Every test counts trainings (by the cache) and compares with a run that nothing disturbed.
`test_simulation.py` has the faults for which it does not matter that outcomes are drawn.
"""

import copy
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tiny_campaign import TINY, Run, environment, fail, script_process, succeed

pytestmark = pytest.mark.slow

TABLES = ("--until", "collect_campaign")
NOT_REPRODUCED = {"train_time_s", "finished_at", "elapsed_s"}
NAN_LOSSES = '''
"""Losses of some trainings become nan, as those of a network that diverges."""
import importlib.util
import sys

class Patch:
    def find_spec(self, name, path=None, target=None):
        if name != "nasforge.training.torch_trainer":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def load_and_patch(module):
            load(module)
            start, means = module.TorchTrainer.__init__, module.TorchTrainer.training_means
            def remember(self, genotype, recipe, images, seed, device):
                start(self, genotype, recipe, images, seed, device)
                self.becomes_nan = seed % 4 == 0
            def broken(self):
                loss, accuracy = means(self)
                return (float("nan") if self.becomes_nan else loss), accuracy
            module.TorchTrainer.__init__ = remember
            module.TorchTrainer.training_means = broken
        spec.loader.exec_module = load_and_patch
        return spec

sys.meta_path.insert(0, Patch())
'''


def trained() -> dict:
    """Random alone, 13 trainings in one job."""
    config = copy.deepcopy(TINY)
    config["replicates"] = {"fraction": 0.0}
    config["samplers"] = [{**config["samplers"][0], "generations": 1, "generation_size": 13}]
    config["training"] |= {"shard_size": 20, "max_failed_fraction": 1.0}
    config["execution"] = {"backend": "torch"}
    return config


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("undisturbed"), trained())
    succeed(run, *TABLES)
    return run


def rows(run: Run) -> dict[str, dict]:
    """Collected evaluations by id, but for times and what is nan."""
    table = pq.read_table(run.results / "collect/evaluations.parquet")
    return {
        row["evaluation_id"]: {
            name: value
            for name, value in row.items()
            if value == value and name not in NOT_REPRODUCED
        }
        for row in table.to_pylist()
    }


def curves(run: Run) -> dict[str, list[dict]]:
    """Collected learning curves by evaluation, but for times and what is nan."""
    table = pq.read_table(run.results / "collect/curves.parquet")
    found: dict[str, list[dict]] = {}
    for row in sorted(table.to_pylist(), key=lambda row: (row["evaluation_id"], row["epoch"])):
        point = {k: v for k, v in row.items() if v == v and k not in NOT_REPRODUCED}
        found.setdefault(row["evaluation_id"], []).append(point)
    return found


def assert_as_undisturbed(run: Run, undisturbed: Run) -> None:
    """Both tables hold the same, and every training has its whole curve."""
    assert rows(run) == rows(undisturbed)
    assert curves(run) == curves(undisturbed)
    assert {name: len(curve) for name, curve in curves(run).items()} == {
        name: row["epochs"] for name, row in rows(run).items()
    }


def entries(run: Run) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in run.cache.glob("train/*/*/*.json")}


def test_sigterm_of_a_job_repeats_nothing_and_a_retry_ends_as_undisturbed(
    undisturbed: Run, tmp_path: Path
) -> None:
    run = Run(tmp_path, trained())
    process = subprocess.Popen(
        run.command(*TABLES, "--retries", "1"),
        env=environment(),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    while len(entries(run)) < 2:
        assert process.poll() is None, "ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    job = script_process(run, "train_shard.py")
    assert job is not None
    os.kill(job, signal.SIGTERM)
    while Path(f"/proc/{job}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    before = entries(run)
    output, _ = process.communicate()

    assert process.returncode == 0, output
    assert len(before) < 13
    assert "Trying to restart job" in output
    assert "Traceback" not in output
    after = entries(run)
    assert {name: after[name] for name in before} == before
    assert len(after) == 13
    assert_as_undisturbed(run, undisturbed)


def test_nan_losses_are_diverged_rows_and_leave_the_others_as_they_were(
    undisturbed: Run, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(NAN_LOSSES)
    run = Run(tmp_path, trained())
    path = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    succeed(run, *TABLES, variables={"PYTHONPATH": path})
    found, expected = rows(run), rows(undisturbed)
    assert found.keys() == expected.keys()
    diverged = {name for name, row in found.items() if row["status"] == "diverged"}
    assert diverged == {name for name, row in expected.items() if row["seed"] % 4 == 0}
    assert 0 < len(diverged) < 13
    for name in found.keys() - diverged:
        assert found[name] == expected[name]
        assert curves(run)[name] == curves(undisturbed)[name]
    for name in diverged:
        assert "val_accuracy" not in found[name]  # nan
        assert found[name]["epochs"] == 0
    before = entries(run)
    succeed(run, *TABLES, "--forcerun", "train_shard")
    assert entries(run) == before  # final: not tried again


def test_images_that_changed_on_the_disk_are_not_trained_on(again: Run, undisturbed: Run) -> None:
    shutil.rmtree(again.cache)
    images = again.results / "images/train_images.npy"
    content = bytearray(images.read_bytes())
    content[-10] ^= 1
    images.write_bytes(content)
    output = fail(again, *TABLES, "--forcerun", "train_shard")
    assert "images/train_images.npy: missing or damaged" in output
    assert "rerun the prepare_images stage" in output
    assert entries(again) == {}
    succeed(again, *TABLES, "--forcerun", "prepare_images")
    assert_as_undisturbed(again, undisturbed)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "cannot be decoded as PNG or JPEG"),
        (lambda content: b"\x89PNG" + b"\0" * 50, "cannot be decoded as PNG or JPEG"),
    ],
)
def test_a_corrupt_image_is_named_and_nothing_is_trained(
    tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    write_images(tmp_path / "data", damage)
    run = Run(tmp_path, trained())
    run.config["dataset"]["source"] = "parquet"
    run.config["execution"]["data_dir"] = "data"
    output = fail(run, *TABLES)
    assert f"data/train-00000.parquet: row 70 {message}" in output
    assert not (run.results / "images/dataset.json").exists()
    assert entries(run) == {}


def write_images(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    import io

    import numpy as np
    import pyarrow as pa
    from PIL import Image

    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 120), ("test", 60)):
        encoded = []
        for number in range(count):
            stream = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(stream, "PNG")
            whole = stream.getvalue()
            encoded.append(damage(whole) if (part, number) == ("train", 70) else whole)
        table = {
            "img": [{"bytes": one} for one in encoded],
            "label": [n % 10 for n in range(count)],
        }
        pq.write_table(pa.table(table), folder / f"{part}-00000.parquet")


DAMAGED = [
    ("collect/parts/evaluations/random-g0.parquet", "collect_campaign"),
    ("collect/parts/curves/random-g0.parquet", "collect_campaign"),
    ("train/random/gen0/shard0.curves.parquet", "collect_generation"),
    ("collect/evaluations.parquet", "split_parts"),
]


@pytest.mark.parametrize(("file", "reader"), DAMAGED)
def test_a_truncated_table_of_any_stage_is_reported_and_made_again(
    again: Run, undisturbed: Run, file: str, reader: str
) -> None:
    before, path = entries(again), again.results / file
    path.write_bytes(path.read_bytes()[:-100])
    options = ("--until", reader)
    output = fail(again, *options, "--forcerun", reader)
    assert f"{path.relative_to(again.folder)} is damaged; 1 damaged files were renamed" in output
    succeed(again, *options)
    succeed(again, *TABLES)  # what lies behind it, from the file that was made again
    assert_as_undisturbed(again, undisturbed)
    assert entries(again) == before  # nothing trained again


@pytest.fixture
def read_only(again: Run) -> Iterator[Run]:
    """A finished run whose results cannot be written."""
    results = str(again.folder / "results")
    mount = ["mount", "--bind", results, results]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a folder cannot be mounted here (root only)")
    try:
        command = ["mount", "-o", "remount,bind,ro", results]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a folder cannot be made read-only here")
        yield again
    finally:
        subprocess.run(["umount", results], check=True)


def test_read_only_results_are_one_message_and_stay_as_they_are(
    read_only: Run, undisturbed: Run
) -> None:
    assert "results/tiny: cannot be written (Read-only file system)" in fail(read_only, *TABLES)
    read_only.config["samplers"][0]["generations"] = 2
    output = fail(read_only, *TABLES)  # Snakemake's own message
    assert "Write-protected output files" in output
    assert "results/tiny/collect/evaluations.parquet" in output
    assert_as_undisturbed(read_only, undisturbed)
    assert entries(read_only) == entries(undisturbed)
