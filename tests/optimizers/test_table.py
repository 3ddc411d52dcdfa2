"""A table of evaluations as a space, and as a backend."""

import math
from pathlib import Path

import numpy as np
import pytest

from nasforge.errors import EvaluationsError, OptimizerError
from nasforge.evaluations.imported import ImportedTables, Result
from nasforge.optimizers import OPTIMIZERS, make_optimizer, run
from nasforge.optimizers.backends.table import TableBackend
from nasforge.optimizers.table_space import NEIGHBOURS, TableSpace
from nasforge.space import DARTS, SearchSpace

DATA = Path(__file__).parents[2] / "data" / "darts-cifar10-cpu"


@pytest.fixture
def part(bit_space):
    """A table of 60 of the 2080 networks."""
    return TableSpace(bit_space, sorted(bit_space.networks())[::34][:60])


def test_it_is_a_search_space_of_its_networks(part):
    assert isinstance(part, SearchSpace)
    assert part.size == 60
    rng = np.random.default_rng(0)
    networks = set(part._networks)
    for _ in range(200):
        word = part.sample(rng)
        assert {word, part.mutate(word, rng), *part.neighbours(word)} <= networks
        assert part.from_vector(rng.integers(2, size=12)) in networks
        assert part.from_vector(part.to_vector(word)) == word
    assert {part.sample(rng) for _ in range(2000)} == networks


def test_neighbours_are_the_nearest_ones(part):
    word = part._networks[7]
    distances = {other: sum(a != b for a, b in zip(word, other, strict=True))
                 for other in part._networks if other != word}  # fmt: skip
    neighbours = part.neighbours(word)
    assert len(neighbours) >= NEIGHBOURS
    assert word not in neighbours
    reach = max(distances[other] for other in neighbours)
    assert set(neighbours) == {other for other, d in distances.items() if d <= reach}
    assert sum(d < reach for d in distances.values()) < NEIGHBOURS


def test_a_complete_table_has_the_usual_neighbours(bit_space):
    whole = TableSpace(bit_space, sorted(bit_space.networks()))
    word = (0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1)
    expected = {
        other
        for other in bit_space.networks()
        if sum(a != b for a, b in zip(word, other, strict=True)) == 1
    }
    assert len(expected) >= NEIGHBOURS
    assert set(whole.neighbours(word)) == expected


def test_the_same_network_is_in_it_once(bit_space):
    word = (0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1)
    single = TableSpace(bit_space, [word, word[::-1]])
    assert single.size == 1
    assert single.neighbours(word) == []
    assert single.mutate(word, np.random.default_rng(0)) == word


def test_an_empty_table_is_refused(bit_space):
    with pytest.raises(OptimizerError, match="without an architecture"):
        TableSpace(bit_space, [])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_sees_all_of_a_table(part, name):
    networks = {part.canonical(word) for word in make_optimizer(name, part, 1).ask(60)}
    assert networks == set(part._networks)


def backend(space):
    return TableBackend(
        "cells",
        space,
        {
            (0, 0, 1): [(0.5, 10.0), (0.7, 20.0)],
            (0, 0, 0): [(0.4, 1.0)],
            (0, 1, 0): [(math.nan, math.nan)],
        },
    )


def test_a_training_is_drawn_by_the_seed(tiny_space):
    table = backend(tiny_space)
    words = [(1, 0, 0)] * 40  # the other form of the first one
    outcomes = table.evaluate(words, range(40))
    assert set(zip(outcomes.seen, outcomes.costs_s, strict=True)) == {(0.5, 10.0), (0.7, 20.0)}
    np.testing.assert_allclose(outcomes.values, 0.6)
    again = table.evaluate(words, range(40))
    np.testing.assert_array_equal(again.seen, outcomes.seen)


def test_failed_trainings_are_nan_and_the_best_is_the_highest_mean(tiny_space):
    table = backend(tiny_space)
    outcomes = table.evaluate([(0, 1, 0), (0, 0, 0)], [0, 0])
    np.testing.assert_array_equal(outcomes.seen, [math.nan, 0.4])
    np.testing.assert_array_equal(outcomes.values, [math.nan, 0.4])
    assert table.best_known == pytest.approx(0.6)
    assert table.has_costs


def test_a_table_without_times_or_success(tiny_space):
    assert not TableBackend("t", tiny_space, {(0, 0, 0): [(0.5, math.nan)]}).has_costs
    with pytest.raises(OptimizerError, match="t: no training of the table was successful"):
        TableBackend("t", tiny_space, {(0, 0, 0): [(math.nan, 1.0)]})


def test_our_published_evaluations_are_a_backend():
    trajectory = run("regularized_evolution", DATA, 40, seed=1, workers=2)
    assert len(set(trajectory.architectures)) == 40
    assert trajectory.backend == "darts-cifar10-cpu"
    assert np.isfinite(trajectory.wall_time_s).all()
    assert (trajectory.regret >= 0).all()


def test_tables_that_do_not_belong_together_are_refused(tmp_path, tiny_space):
    rng = np.random.default_rng(0)
    for recipe in ("a", "b"):
        tables = ImportedTables(DARTS, {"imported": recipe}, {"imported": "x"})
        network = DARTS.sample(rng)
        tables.propose("random", DARTS.format(network), tables.add(network, Result(0.5)))
        tables.write(tmp_path / recipe, {})
        folder = tmp_path / "both"
        for kind in ("evaluations", "curves", "proposals"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            file = tmp_path / recipe / f"{kind}.parquet"
            (folder / kind / f"{recipe}.parquet").write_bytes(file.read_bytes())
    assert TableBackend.read(tmp_path / "a" / "evaluations.parquet").space.size == 1
    with pytest.raises(EvaluationsError, match=r"recipe_id is .* not comparable"):
        TableBackend.read(tmp_path / "both")
    with pytest.raises(EvaluationsError, match="made for space 'darts'"):
        TableBackend.read(tmp_path / "a", tiny_space)


def test_a_budget_beyond_the_table_asks_it_again(tiny_space):
    trajectory = run("random", backend(tiny_space), budget=10)
    assert len(trajectory) == 10
    assert len(set(trajectory.architectures)) == 3


def test_random_search_sees_all_of_a_table_again_and_again(bit_space):
    words = sorted(bit_space.networks())[:490]
    table = TableBackend("cells", bit_space, {word: [(0.5, 1.0)] for word in words})
    for seed in range(30):  # without a list, six of these miss one network or two
        trajectory = run("random", table, 980, seed=seed)
        for half in (trajectory.architectures[:490], trajectory.architectures[490:]):
            assert len(set(half)) == 490
