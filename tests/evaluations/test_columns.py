"""Columns made without pandas: what pyarrow itself would make, and nothing else accepted."""

import math
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_benchmark import write_benchmark

from nasforge.evaluations.columns import column, table_of

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.text()))
def test_texts(values: list[str]) -> None:
    made = column(values, pa.string())
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))


@given(st.lists(INT64))
def test_whole_numbers(values: list[int]) -> None:
    assert column(values, pa.int64()).equals(pa.array(values, pa.int64()))


@given(st.lists(st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)))
def test_numbers(values: list[float]) -> None:
    assert column(values, pa.float64()).equals(pa.array(map(float, values), pa.float64()))


def test_nan_is_a_value_and_no_null() -> None:
    [value] = column([math.nan], pa.float64()).to_pylist()
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5], pa.int64()),
        ([True], pa.int64()),
        ([2**63], pa.int64()),
        (["1"], pa.int64()),
        ([None], pa.float64()),
        (["1"], pa.float64()),
    ],
)
def test_values_of_another_type_are_refused(values: list, kind: pa.DataType) -> None:
    with pytest.raises(TypeError, match="a column of"):
        column(values, kind)


def test_a_table_has_the_fields_of_its_schema() -> None:
    schema = pa.schema([("name", pa.string()), ("epoch", pa.int64())])
    table = table_of({"epoch": [1, 2], "name": ["a", "b"]}, schema)
    assert table.schema.equals(schema)
    assert table.to_pylist() == [{"name": "a", "epoch": 1}, {"name": "b", "epoch": 2}]


JOBS = """
import sys
from pathlib import Path

from tiny_benchmark import DATASET, RECIPE

import nasforge
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.collect import Shard, collect_generation
from nasforge.evaluations.folder import tables_in
from nasforge.evaluations.proposals import write_proposals
from nasforge.evaluations.results import replicate_zero_results
from nasforge.evaluations.tables import write_curves, write_evaluations
from nasforge.evaluators.shard import evaluate_shard
from nasforge.evaluators.simulate import Simulator, simulation_record
from nasforge.evaluators.source import source_provenance
from nasforge.sampling import PastGeneration, SamplerSpec, propose
from nasforge.space import DARTS

folder = Path(sys.argv[1])
bench = nasforge.load(sys.argv[2])
record = simulation_record(bench, DATASET, 0.0, 0.0)
simulator = Simulator.of(bench, RECIPE, record)
sampler = SamplerSpec("bananas", "bananas", 1, 2, 4, {"initial_size": 2})
proposals = propose(DARTS, sampler, 0, [])
write_proposals(folder / "gen0.csv", proposals)
cache = EvaluationCache(folder / "cache", "simulate", RECIPE.recipe_id)
rows = evaluate_shard(proposals, RECIPE, simulator, cache)
shard, source = tables_in(folder / "shard"), source_provenance(RECIPE, record)
write_evaluations(shard.evaluations, rows, source)
write_curves(shard.curves, rows, source)
past = PastGeneration(proposals, replicate_zero_results([shard.evaluations]))
propose(DARTS, sampler, 1, [past])
shards = [Shard(shard.evaluations, shard.curves)]
part = tables_in(folder / "part")
collect_generation(
    DARTS, shards, folder / "gen0.csv", part, RECIPE.recipe_id, simulator.dataset_id, "simulate"
)
heavy = {"pandas", "numba", "scipy", "torch", "sklearn"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


def test_jobs_of_a_simulated_campaign_import_nothing_heavy(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    truth = write_benchmark(tmp_path)
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", JOBS, tmp_path, truth],
        capture_output=True, text=True, cwd=tests, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
