"""Evaluated architectures for the page, against the tables read otherwise."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from every_kind import write_every_kind
from explorer_benchmark import EVALUATIONS, write_explorable

from nasforge.benchmark.frozen import read_manifest
from nasforge.errors import EvaluationsError
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
