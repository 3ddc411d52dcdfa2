"""Training by hand: `nasforge train`."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from command_line import refused
from parquet_images import write_random_source
from tiny_campaign import REPOSITORY, TINY

from nasforge.cli import main
from nasforge.cli.train import open_training
from nasforge.evaluations.restore import restore_cache
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.loop import Outcome, train_network


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small config in a folder of its own, which is the working directory."""
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    (tmp_path / "workflow").symlink_to(REPOSITORY / "workflow")
    monkeypatch.chdir(tmp_path)
    return "tiny.yaml"


def sampled(capsys: pytest.CaptureFixture[str], number: int) -> list[str]:
    assert main(["sample", str(number)]) == 0
    return capsys.readouterr().out.split()


def test_one_training_prints_the_curve_and_uses_the_cache(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [genotype] = sampled(capsys, 1)
    command = ["train", genotype, "--config", config, "--replicate", "1"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "val_accuracy" in text
    assert "train_time_s" in text
    assert main([*command, "--json"]) == 0
    evaluation = json.loads(capsys.readouterr().out)
    assert evaluation["replicate"] == 1
    assert len(evaluation["curve"]) == 2
    assert len(list(Path("results/.cache").glob("train/*/*/*.json"))) == 1


def test_several_trainings_are_a_line_each_and_tables_that_restore_reads(
    config: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    genotypes = sampled(capsys, 2)
    Path("found.txt").write_text("\n".join(["# found", *genotypes, genotypes[0]]))
    command = ["train", "--file", "found.txt", "--config", config, "--replicates", "2"]
    assert main([*command, "-o", "mine"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    table = pd.read_parquet("mine/evaluations")
    ids = [DARTS.architecture_id(DARTS.parse(text)) for text in genotypes for _ in range(2)]
    assert table["architecture_id"].tolist() == ids
    assert [line.split()[:2] for line in lines] == [
        [i, r] for i, r in zip(ids, "0101", strict=True)
    ]
    assert len(pd.read_parquet("mine/curves")) == 4 * TINY["training"]["recipe"]["epochs"]
    assert restore_cache(Path("mine"), tmp_path / "another").added == 4
    assert main([*command, "--json"]) == 0
    printed = [each["val_accuracy"] for each in json.loads(capsys.readouterr().out)]
    assert printed == table["val_accuracy"].tolist()


def test_other_files_with_the_same_options_are_other_images(config: str) -> None:
    def opened(folder: str) -> tuple[Path, str, list[int]]:
        changed = TINY | {"dataset": TINY["dataset"] | {"source": "parquet"}}
        changed |= {"execution": {"data_dir": folder}}
        Path(config).write_text(yaml.safe_dump(changed))
        training = open_training(Path(config))
        pixels = training.images.train.images[0, 0, 0].tolist()
        return training.images_folder, training.images.dataset_id, pixels

    write_random_source(Path("one"), seed=1)
    write_random_source(Path("two"), seed=2)
    write_random_source(Path("copy"), seed=1)
    first, second = opened("one"), opened("two")
    assert all(a != b for a, b in zip(first, second, strict=True))
    prepared = (first[0] / "dataset.json").stat().st_mtime_ns
    assert opened("copy") == first  # the bytes count, not where they are
    assert (first[0] / "dataset.json").stat().st_mtime_ns == prepared
    write_random_source(Path("one"), seed=3)
    assert opened("one")[1] not in (first[1], second[1])


def test_a_failed_training_among_several_is_a_line_with_its_status(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    genotypes = sampled(capsys, 2)
    first = DARTS.canonical(DARTS.parse(genotypes[0]))

    def train(genotype: Genotype, *rest: Any, **more: Any) -> Outcome:
        if genotype == first:
            raise RuntimeError("out of memory")
        return train_network(genotype, *rest, **more)

    monkeypatch.setattr("nasforge.training.shard.train_network", train)
    Path("found.txt").write_text("\n".join(genotypes))
    assert main(["train", "--file", "found.txt", "--config", config]) == 0
    _, failed, trained = capsys.readouterr().out.splitlines()
    assert failed.split()[1:] == ["0", "failed", "-", "-", "-"]
    assert trained.split()[2] == "ok"
    assert "nan" not in failed + trained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x"], "'x' is no genotype"),
        ([], "no architecture is given"),
        (["--file", "missing.txt"], "missing.txt: cannot be read"),
        (["x", "--replicate", "-1"], "--replicate: -1"),
        (["x", "--replicates", "0"], "--replicates: 0 must be in 1..1000"),
        (["x", "--replicates", "2", "--replicate", "1"], "not allowed with"),
    ],
)
def test_misuse_is_one_line(
    arguments: list[str], message: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refused(capsys, "train", *arguments, "--config", config)
