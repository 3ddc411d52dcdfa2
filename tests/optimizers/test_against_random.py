"""Every optimizer that learns beats random search on a landscape that is known."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from nasforge.optimizers import OPTIMIZERS, Observations, make_optimizer

SEEDS = range(12)
BUDGET = 400
LEARNERS = [
    ("regularized_evolution", {"population_size": 20, "sample_size": 5}),
    ("differential_evolution", {}),
    ("local_search", {}),
    ("local_search", {"improvement": "first"}),
    ("tpe", {}),
    ("bananas", {}),
]


def best_values(space, name, settings, batch_size):
    """The best value found of each seed, without noise, by what was seen with noise."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng([seed, 1])
        # Alike from both ends, so that a word and its mirror image have the same value.
        half = rng.normal(size=space.length // 2)
        weights = np.concatenate([half, half[::-1]])
        optimizer = make_optimizer(name, space, seed, **settings)
        values = []
        for generation in range(BUDGET // batch_size):
            batch = optimizer.ask(batch_size)
            values += [float(weights @ word) for word in batch]
            seen = values[-batch_size:] + rng.normal(0, 0.2, batch_size)
            optimizer.tell(Observations.of_batch(batch, seen, [1.0] * batch_size, generation))
        found.append(max(values) / np.maximum(weights, 0).sum())
    return found


@pytest.fixture
def wide_space(bit_space):
    """30 bits: 5e8 networks; the best is known."""
    return type(bit_space)(30)


@pytest.mark.parametrize("batch_size", [1, 25])
@pytest.mark.parametrize(("name", "settings"), LEARNERS)
def test_it_beats_random_search(wide_space, name, settings, batch_size):
    learned = best_values(wide_space, name, settings, batch_size)
    drawn = best_values(wide_space, "random", {}, batch_size)
    assert mannwhitneyu(learned, drawn, alternative="greater").pvalue < 0.01


def test_none_is_left_out():
    assert {name for name, _ in LEARNERS} | {"random"} == set(OPTIMIZERS)
