"""Generations and replicates: each a function of its own config, never of the neighbours'."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import EvaluationsError, OptimizerError
from nasforge.evaluations.proposals import Proposal
from nasforge.optimizers import OPTIMIZERS
from nasforge.sampling import (
    PastGeneration,
    SamplerSpec,
    choose_replicates,
    propose,
    replicated,
)
from nasforge.space import DARTS

RANDOM = SamplerSpec("random", "random", seed=1, generations=3, generation_size=6)
EVOLUTION = SamplerSpec(
    "re_a", "regularized_evolution", 2, 3, 6, {"population_size": 6, "sample_size": 6}
)
SMALL = {
    "regularized_evolution": {"population_size": 6, "sample_size": 6},
    "differential_evolution": {"population_size": 5},
    "tpe": {"initial_size": 5},
    "bananas": {"initial_size": 5},
}
EVERY_SAMPLER = [SamplerSpec(name, name, 3, 3, 6, SMALL.get(name, {})) for name in OPTIMIZERS]
GENERATION = [Proposal("random", "random", 3, position, 0, "text") for position in range(50)]


def ids(proposals: list[Proposal]) -> list[str]:
    return [DARTS.architecture_id(DARTS.parse(p.raw_architecture)) for p in proposals]


def finished(proposals: list[Proposal], values: list[float]) -> PastGeneration:
    results = {i: (value, 1.0) for i, value in zip(ids(proposals), values, strict=True)}
    return PastGeneration(proposals, results)


def edits(a: str, b: str) -> int:
    """How many of the 22 choices differ."""
    vectors = [DARTS.to_vector(DARTS.parse(text)) for text in (a, b)]
    return int((vectors[0] != vectors[1]).sum())


def test_a_generation_has_its_size_and_its_numbers() -> None:
    proposals = propose(DARTS, RANDOM, 2, ())
    assert len(set(ids(proposals))) == 6
    assert [proposal.position for proposal in proposals] == list(range(6))
    assert {(p.sampler, p.optimizer, p.generation, p.replicate) for p in proposals} == {
        ("random", "random", 2, 0)
    }


@pytest.mark.parametrize("sampler", EVERY_SAMPLER, ids=lambda sampler: sampler.name)
def test_every_optimizer_is_a_sampler(sampler: SamplerSpec) -> None:
    past: list[PastGeneration] = []
    for generation in range(sampler.generations):
        proposals = propose(DARTS, sampler, generation, past if sampler.uses_feedback else ())
        assert len(set(ids(proposals))) == 6
        assert propose(DARTS, sampler, generation, past if sampler.uses_feedback else ()) == (
            proposals
        )
        # One of every generation failed.
        past.append(finished(proposals, [math.nan, 0.9, 0.3, 0.4, 0.5, 0.6]))
    everything = [i for done in past for i in ids(done.proposals)]
    assert len(set(everything)) == 18


@pytest.mark.parametrize("sampler", [RANDOM, EVOLUTION])
def test_the_same_input_gives_the_same_proposals(sampler: SamplerSpec) -> None:
    first = propose(DARTS, sampler, 0, ())
    assert propose(DARTS, sampler, 0, ()) == first
    past = [finished(first, [0.1, 0.9, 0.3, 0.4, 0.5, 0.6])]
    assert propose(DARTS, sampler, 1, past) == propose(DARTS, sampler, 1, past)


def test_proposals_never_change() -> None:
    # Published campaigns depend on them.
    assert ids(propose(DARTS, RANDOM, 0, ()))[:2] == ["0b386dd3fc1cf5d5", "a414562d99db7551"]
    assert RANDOM.generation_seed(0) == 541930597645470681


@pytest.mark.parametrize(
    "changes", [{"name": "other"}, {"seed": 2}], ids=["another name", "another seed"]
)
def test_samplers_differ_by_name_and_seed(changes: dict) -> None:
    other = dataclasses.replace(RANDOM, **changes)
    assert not set(ids(propose(DARTS, RANDOM, 0, ()))) & set(ids(propose(DARTS, other, 0, ())))
    assert other.generation_seed(0) != RANDOM.generation_seed(0)


def test_generations_differ() -> None:
    seeds = {RANDOM.generation_seed(generation) for generation in range(100)}
    assert len(seeds) == 100
    first, second = (set(ids(propose(DARTS, RANDOM, k, ()))) for k in (0, 1))
    assert not first & second


def test_more_generations_change_none_there_are() -> None:
    longer = dataclasses.replace(RANDOM, generations=10)
    assert propose(DARTS, longer, 2, ()) == propose(DARTS, RANDOM, 2, ())


def test_a_larger_generation_begins_with_the_smaller() -> None:
    larger = dataclasses.replace(RANDOM, generation_size=9)
    assert propose(DARTS, larger, 0, ())[:6] == propose(DARTS, RANDOM, 0, ())


def test_evolution_breeds_from_the_best_of_the_past() -> None:
    first = propose(DARTS, EVOLUTION, 0, ())
    # Six draws with replacement nearly always hold one of five equally good ones.
    values = [0.9] * 5 + [0.1]
    children = propose(DARTS, EVOLUTION, 1, [finished(first, values)])
    parents = [p.raw_architecture for p in first[:5]]
    for child in children:
        # Another input may swap a node's two operations.
        assert min(edits(child.raw_architecture, parent) for parent in parents) <= 3
    assert not set(ids(children)) & set(ids(first))


def test_evolution_depends_on_the_values_it_is_told() -> None:
    first = propose(DARTS, EVOLUTION, 0, ())
    best_first = [finished(first, [0.9, 0.1, 0.1, 0.1, 0.1, 0.1])]
    best_last = [finished(first, [0.1, 0.1, 0.1, 0.1, 0.1, 0.9])]
    assert propose(DARTS, EVOLUTION, 1, best_first) != propose(DARTS, EVOLUTION, 1, best_last)


def test_evolution_survives_failed_trainings() -> None:
    first = propose(DARTS, EVOLUTION, 0, ())
    failed = [finished(first, [math.nan] * 6)]
    assert len(set(ids(propose(DARTS, EVOLUTION, 1, failed)))) == 6


def test_evolution_draws_at_random_until_its_population_is_full() -> None:
    larger = dataclasses.replace(EVOLUTION, settings={"population_size": 7, "sample_size": 2})
    first = propose(DARTS, larger, 0, ())
    second = propose(DARTS, larger, 1, [finished(first, [0.5] * 6)])
    parents = [p.raw_architecture for p in first]
    distances = [min(edits(c.raw_architecture, p) for p in parents) for c in second]
    assert np.mean(distances) > 5


def test_a_past_proposal_without_a_result_is_refused() -> None:
    first = propose(DARTS, EVOLUTION, 0, ())
    past = finished(first, [0.5] * 6)
    results = {i: result for i, result in past.results.items() if i != ids(first)[4]}
    with pytest.raises(EvaluationsError, match=r"proposal 4 of re_a, generation 0, has no eval"):
        propose(DARTS, EVOLUTION, 1, [PastGeneration(first, results)])


def test_wrong_settings_are_refused() -> None:
    wrong = dataclasses.replace(EVOLUTION, settings={"population_size": 3, "sample_size": 4})
    with pytest.raises(OptimizerError, match="sample_size 4"):
        propose(DARTS, wrong, 0, ())


def test_feedback_is_the_optimizers_property() -> None:
    assert EVOLUTION.uses_feedback
    assert not RANDOM.uses_feedback


def chosen(fraction: float, seeds: int = 2, seed: int = 0) -> list[Proposal]:
    return choose_replicates(GENERATION, fraction, seeds, seed)


@given(st.floats(0, 1), st.integers(2, 5), st.integers(0, 20))
def test_replicates_are_numbered_from_1_to_seeds_minus_1(
    fraction: float, seeds: int, seed: int
) -> None:
    replicates = chosen(fraction, seeds, seed)
    by_position: dict[int, list[int]] = {}
    for proposal in replicates:
        assert dataclasses.replace(proposal, replicate=0) == GENERATION[proposal.position]
        by_position.setdefault(proposal.position, []).append(proposal.replicate)
    assert len(by_position) == replicated(50, fraction)
    assert list(by_position) == sorted(by_position)
    assert all(numbers == list(range(1, seeds)) for numbers in by_position.values())


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_fraction_keeps_what_a_smaller_one_chose(a: float, b: float) -> None:
    small, large = (
        {proposal.position for proposal in chosen(fraction)} for fraction in sorted((a, b))
    )
    assert small <= large


def test_more_seeds_keep_the_replicates_there_are() -> None:
    assert set(chosen(0.2, seeds=3)) < set(chosen(0.2, seeds=5))


def test_the_choice_does_not_look_at_the_architectures() -> None:
    others = [dataclasses.replace(p, raw_architecture=f"other {p.position}") for p in GENERATION]
    positions = [p.position for p in choose_replicates(others, 0.3, 2, 0)]
    assert positions == [p.position for p in chosen(0.3)]


def test_every_position_is_chosen_alike() -> None:
    counts = np.zeros(50)
    for seed in range(400):
        counts[[p.position for p in chosen(0.2, seed=seed)]] += 1
    # Binomial(400, 0.2): mean 80, standard deviation 8.
    assert counts.min() > 48
    assert counts.max() < 112


@pytest.mark.parametrize(
    "changes", [{"sampler": "re_a"}, {"generation": 4}], ids=["sampler", "generation"]
)
def test_samplers_and_generations_choose_independently(changes: dict) -> None:
    others = [dataclasses.replace(proposal, **changes) for proposal in GENERATION]
    positions = {p.position for p in choose_replicates(others, 0.3, 2, 0)}
    assert positions != {p.position for p in chosen(0.3)}


@pytest.mark.parametrize(
    ("size", "fraction", "number"),
    [(12, 0.17, 2), (8, 0.17, 1), (8, 0.05, 0), (10, 0.25, 3), (7, 1.0, 7), (7, 0.0, 0)],
)
def test_the_number_of_replicated_architectures_is_rounded(
    size: int, fraction: float, number: int
) -> None:
    assert replicated(size, fraction) == number
    proposals = GENERATION[:size]
    assert len(choose_replicates(proposals, fraction, 2, 0)) == number
