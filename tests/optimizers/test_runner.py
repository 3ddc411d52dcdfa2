"""Running optimizers on backends."""

import functools
import math

import numpy as np
import pytest
from tiny_benchmark import ARCHITECTURE, write_benchmark

import nasforge
from nasforge.errors import OptimizerError
from nasforge.optimizers import OPTIMIZERS, RandomSearch, RegularizedEvolution, run, run_seeds
from nasforge.optimizers.backends import BenchmarkBackend, Outcomes
from nasforge.space import DARTS

TIMED = ("val_accuracy", "train_time_s")
SMALL = {
    "regularized_evolution": {"population_size": 6, "sample_size": 3},
    "differential_evolution": {"population_size": 5},
    "tpe": {"initial_size": 5},
    "bananas": {"initial_size": 5},
}


@pytest.fixture
def benchmark_(tmp_path):
    return nasforge.load(write_benchmark(tmp_path, TIMED))


class Counting:
    """A backend of bits: the number of ones, some failing, and noise by seed."""

    name = "counting"
    has_costs = True
    best_known = 12.0

    def __init__(self, space):
        self.space = space
        self.calls = []

    def evaluate(self, architectures, noise_seeds):
        self.calls.append(len(architectures))
        values = np.array([sum(word) for word in architectures], float)
        seen = np.where(values == 3, np.nan, values + np.array(noise_seeds) / 100)
        return Outcomes(seen, values, values + 1)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("workers", [1, 3])
def test_every_optimizer_runs_on_a_benchmark(benchmark_, name, workers):
    trajectory = run(name, benchmark_, 30, seed=5, workers=workers, settings=SMALL.get(name))
    assert len(trajectory) == 30
    assert len({DARTS.architecture_id(DARTS.parse(a)) for a in trajectory.architectures}) == 30
    assert sorted(trajectory.asked) == list(range(30))
    assert (np.diff(trajectory.wall_time_s) >= 0).all()
    busy_s = (trajectory.wall_time_s - trajectory.start_s).sum()
    assert trajectory.wall_time_s[-1] == pytest.approx(busy_s / workers, rel=0.5)
    assert (trajectory.optimizer, trajectory.backend) == (name, "tiny-v1/linear")


def test_what_is_seen_is_what_a_query_says(benchmark_):
    trajectory = run("random", benchmark_, 20, seed=7)
    for number, text in enumerate(trajectory.architectures):
        mean, drawn = benchmark_.query(text), benchmark_.query(text, noise_seed=7)
        assert trajectory.value[number] == pytest.approx(mean.val_accuracy, abs=1e-12)
        assert trajectory.value_seen[number] == pytest.approx(drawn.val_accuracy, abs=1e-12)
        took_s = trajectory.wall_time_s[number] - trajectory.start_s[number]
        assert took_s == pytest.approx(mean.train_time_s)
    assert trajectory.best_known == pytest.approx(benchmark_.query(ARCHITECTURE).val_accuracy)


def test_without_noise_the_mean_is_seen(benchmark_):
    trajectory = run("random", BenchmarkBackend(benchmark_, noisy=False), 10)
    np.testing.assert_array_equal(trajectory.value_seen, trajectory.value)


def test_a_benchmark_without_noise_must_be_run_without(tmp_path):
    bench = nasforge.load(write_benchmark(tmp_path, TIMED, noisy=()))
    with pytest.raises(OptimizerError, match=r"tiny-v1/linear has no noise model.*noisy=False"):
        run("random", bench, 10)
    assert len(run("random", BenchmarkBackend(bench, noisy=False), 10)) == 10


def test_a_benchmark_without_times_has_no_wall_time(tmp_path):
    bench = nasforge.load(write_benchmark(tmp_path))
    trajectory = run("regularized_evolution", bench, 10, workers=3)
    assert np.isnan(trajectory.wall_time_s).all()
    assert np.isnan(trajectory.start_s).all()


def test_the_same_call_gives_the_same_run(benchmark_):
    runs = [run("tpe", benchmark_, 40, seed=seed, workers=2) for seed in (1, 1, 2)]
    assert runs[0].architectures == runs[1].architectures
    np.testing.assert_array_equal(runs[0].value_seen, runs[1].value_seen)
    assert runs[0].architectures != runs[2].architectures


@pytest.mark.parametrize("name", ["random", "regularized_evolution", "local_search"])
@pytest.mark.parametrize("generation_size", [None, 4])
def test_seeds_side_by_side_are_the_runs_one_by_one(benchmark_, name, generation_size):
    arguments = {"workers": 2, "generation_size": generation_size, "settings": SMALL.get(name)}
    together = run_seeds(name, benchmark_, 25, [4, 2], **arguments)
    assert [trajectory.seed for trajectory in together] == [4, 2]
    for trajectory in together:
        alone = run(name, benchmark_, 25, seed=trajectory.seed, **arguments)
        assert alone.architectures == trajectory.architectures
        np.testing.assert_allclose(alone.value_seen, trajectory.value_seen, rtol=1e-12)
        np.testing.assert_allclose(alone.wall_time_s, trajectory.wall_time_s, rtol=1e-12)


def test_queries_are_made_in_batches(bit_space):
    backend = Counting(bit_space)
    run_seeds("regularized_evolution", backend, 10, range(7))
    assert backend.calls == [7] * 10
    backend.calls.clear()
    run_seeds("random", backend, 1200, range(1))
    assert backend.calls == [500, 500, 200]
    backend.calls.clear()
    run_seeds("random", backend, 500, range(3))
    assert backend.calls == [1000, 500]


def test_progress_counts_evaluations(bit_space):
    done = []
    run_seeds("tpe", Counting(bit_space), 9, range(4), progress=done.append)
    assert sum(done) == 36


def test_failed_evaluations_are_rows_and_no_incumbents(bit_space):
    trajectory = run("regularized_evolution", Counting(bit_space), 60, seed=3)
    failed = np.isnan(trajectory.value_seen)
    assert failed.any()
    assert not failed[trajectory.incumbent[trajectory.incumbent >= 0]].any()
    assert math.isfinite(trajectory.regret[-1])


def test_an_optimizer_of_ones_own(bit_space):
    class Own(RandomSearch):
        """Of a user."""

    trajectory = run(Own, Counting(bit_space), 5)
    assert trajectory.optimizer == "Own"
    few = functools.partial(RegularizedEvolution, population_size=3, sample_size=2)
    trajectory = run(few, Counting(bit_space), 9)
    assert trajectory.optimizer == "RegularizedEvolution(population_size=3, sample_size=2)"
    assert len(trajectory) == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "bohb"}, "unknown optimizer 'bohb'"),
        ({"settings": {"size": 1}}, "random has no setting 'size'"),
        ({"budget": 0}, "budget: 0 must be"),
        ({"seed": -1}, "seed: -1 must be"),
        ({"seed": 1.5}, "seed: 1.5 must be"),
        ({"backend": 3}, "backend 3 must be a Benchmark"),
        ({"optimizer": RandomSearch, "settings": {"a": 1}}, "given by name; use functools"),
        ({"optimizer": RandomSearch(DARTS, 1)}, "must be a name or be called"),
    ],
)
def test_misuse_is_refused(bit_space, arguments, message):
    defaults = {"optimizer": "random", "backend": Counting(bit_space), "budget": 5}
    with pytest.raises(OptimizerError, match=message):
        run(**(defaults | arguments))
