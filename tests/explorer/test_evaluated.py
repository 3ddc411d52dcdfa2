"""Evaluated architectures for the page, against the tables read otherwise."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from every_kind import write_every_kind
from explorer_benchmark import EVALUATIONS, write_explorable

from nasforge.benchmark.frozen import read_manifest
from nasforge.errors import BenchmarkFormatError, EvaluationsError
from nasforge.explorer.evaluated import read_evaluated
from nasforge.space import DARTS


def test_they_are_those_of_the_tables(tmp_path: Path) -> None:
    content = read_evaluated(EVALUATIONS, read_manifest(write_explorable(tmp_path)))
    table = pd.concat(map(pd.read_parquet, sorted((EVALUATIONS / "evaluations").glob("*"))))
    table = table[table["status"] == "ok"].drop_duplicates("evaluation_id")
    means = table.groupby("architecture")[["val_accuracy", "train_time_s"]].mean()
    texts = [str(DARTS.from_vector(vector)) for vector in content["vectors"]]
    assert sorted(texts) == sorted(means.index)
    for column in means:
        np.testing.assert_allclose(content[column], means.loc[texts, column], rtol=1e-6)
    counts = table.groupby("architecture").size()
    np.testing.assert_array_equal(content["trainings"], counts[texts])
    assert max(content["trainings"]) > 1


def test_samplers_are_those_of_the_proposals(tmp_path: Path) -> None:
    content = read_evaluated(EVALUATIONS, read_manifest(write_explorable(tmp_path)))
    table = pd.concat(map(pd.read_parquet, sorted((EVALUATIONS / "proposals").glob("*"))))
    names = table[["sampler", "optimizer"]].drop_duplicates()
    assert sorted(content["samplers"]) == sorted(names.itertuples(index=False, name=None))
    texts = [str(DARTS.from_vector(vector)) for vector in content["vectors"]]
    for (sampler, _), sequence in zip(content["samplers"], content["sequences"], strict=True):
        rows = table[table["sampler"] == sampler].sort_values(["generation", "position"])
        raw = [str(DARTS.canonical(DARTS.parse(text))) for text in rows["raw_architecture"]]
        assert [texts[i] for i in sequence] == list(dict.fromkeys(raw))
    for architecture, sampler in enumerate(content["sampler"]):
        assert architecture in content["sequences"][sampler]


def test_evaluations_of_something_else_are_refused(tmp_path: Path) -> None:
    manifest = read_manifest(write_every_kind(tmp_path))
    with pytest.raises(EvaluationsError, match=r"recipe_id .* is not that of every-kind-v1"):
        read_evaluated(EVALUATIONS, manifest)
    with pytest.raises(EvaluationsError, match="no folder"):
        read_evaluated(tmp_path / "none", manifest)


PART = "random-g0"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """One of the published parts, to be changed."""
    for table in ("evaluations", "curves", "proposals"):
        (tmp_path / "data" / table).mkdir(parents=True)
        shutil.copy(EVALUATIONS / table / f"{PART}.parquet", tmp_path / "data" / table)
    return tmp_path / "data"


def test_the_first_of_several_trainings_may_have_failed(tmp_path: Path, part: Path) -> None:
    file = part / "evaluations" / f"{PART}.parquet"
    table = pq.read_table(file)
    replicated = set(table.filter(pc.greater(table["replicate"], 0))["architecture_id"].to_pylist())
    failed = [
        row["architecture_id"] in replicated and row["replicate"] == 0 for row in table.to_pylist()
    ]
    assert sum(failed) == 2
    status = pa.array(["failed" if gone else "ok" for gone in failed])
    position = table.column_names.index("status")
    pq.write_table(table.set_column(position, table.schema.field("status"), status), file)
    content = read_evaluated(part, read_manifest(write_explorable(tmp_path)))
    assert len(content["vectors"]) == 50
    assert sorted(content["trainings"])[-2:] == [4, 4]
    assert len(content["sequences"][0]) == 50


def test_machines_of_a_strangers_manifest_are_checked(tmp_path: Path, part: Path) -> None:
    manifest = read_manifest(write_explorable(tmp_path))
    for machines in (3, "fast", ["fast"], [{"name": "fast", "factor": "half"}]):
        training = {**manifest.training_set, "machines": machines}
        with pytest.raises(BenchmarkFormatError, match=r"training_set\.machines"):
            read_evaluated(part, dataclasses.replace(manifest, training_set=training))


def test_times_are_in_seconds_of_the_machine_of_the_benchmark(tmp_path: Path, part: Path) -> None:
    manifest = read_manifest(write_explorable(tmp_path))
    plain = read_evaluated(part, manifest)["train_time_s"]
    name = "cpu, Intel(R) Xeon(R) Processor (2 cores), native, fp32"
    for machine, factor in ((name, 0.5), ("another", np.nan)):
        machines = [{"name": machine, "trainings": 1, "factor": 0.5}]
        training = {**manifest.training_set, "machines": machines}
        changed = dataclasses.replace(manifest, training_set=training)
        np.testing.assert_allclose(
            read_evaluated(part, changed)["train_time_s"], plain * factor, rtol=1e-6
        )
