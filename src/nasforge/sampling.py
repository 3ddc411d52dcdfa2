"""One generation of a sampler: what it proposes, and which of that gets replicates.

    >>> proposals = propose(DARTS, SamplerSpec("re_a", "regularized_evolution", 1, 6, 50), 0, ())
    >>> replicates = choose_replicates(proposals, fraction=0.1, seeds=3, seed=0)

A generation's seed derives from (the sampler's seed, its name, the generation), so growing a
campaign by a generation or a sampler changes nothing that exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nasforge.accelerator import numpy_alone
from nasforge.errors import EvaluationsError
from nasforge.evaluations.proposals import Proposal
from nasforge.optimizers import Observation, Observations, make_optimizer, optimizer_class
from nasforge.recipe import digest
from nasforge.space.protocol import SearchSpace


@dataclass(frozen=True)
class SamplerSpec:
    """One entry of the config's `samplers`.

    Attributes:
        name: Unique; part of paths and of the proposals table.
        optimizer: A key of `nasforge.optimizers.OPTIMIZERS`.
        seed: Base seed.
        generations: How many generations there are.
        generation_size: Proposals per generation.
        settings: Settings of the optimizer.
    """

    name: str
    optimizer: str
    seed: int
    generations: int
    generation_size: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def uses_feedback(self) -> bool:
        """Whether a generation needs the results of those before it."""
        return optimizer_class(self.optimizer).uses_feedback

    def generation_seed(self, generation: int) -> int:
        """Seed of one generation's optimizer."""
        return int(digest([self.seed, self.name, generation], 15), 16)


@dataclass(frozen=True)
class PastGeneration:
    """A finished generation of the same sampler.

    Attributes:
        proposals: What was proposed.
        results: (val_accuracy, train_time_s) by architecture_id, replicate 0.
    """

    proposals: Sequence[Proposal]
    results: Mapping[str, tuple[float, float]]


def propose(
    space: SearchSpace, sampler: SamplerSpec, generation: int, past: Sequence[PastGeneration]
) -> list[Proposal]:
    """The proposals of one generation.

    Args:
        space: Where the sampler searches.
        sampler: Its config.
        generation: 0, 1, ...
        past: All generations before this one, in order; empty for samplers without feedback.

    Raises:
        EvaluationsError: A past proposal has no result.
        OptimizerError: The sampler's settings are wrong.
    """
    seed = sampler.generation_seed(generation)
    optimizer = make_optimizer(sampler.optimizer, space, seed, **sampler.settings)
    # One generation encodes little: numba, which gives the same, takes longer to import.
    with numpy_alone():
        for finished in past:
            optimizer.tell(_observations(space, finished))
        batch = optimizer.ask(sampler.generation_size)
    return [
        Proposal(
            sampler.name, sampler.optimizer, generation, position, 0, space.format(architecture)
        )
        for position, architecture in enumerate(batch)
    ]


def choose_replicates(
    proposals: Sequence[Proposal], fraction: float, seeds: int, seed: int
) -> list[Proposal]:
    """Further trainings of some of a generation's architectures, with other seeds.

    The architectures are drawn at random within the generation, never by their value, which
    would select lucky ones (winner's curse).

    Args:
        proposals: One generation of one sampler.
        fraction: Part of the generation that is replicated, rounded.
        seeds: Trainings per replicated architecture in all, the first one included.
        seed: Seed of the draw.
    """
    number = replicated(len(proposals), fraction)
    key = [seed, proposals[0].sampler, proposals[0].generation]
    rng = np.random.default_rng(int(digest(key, 15), 16))
    # A prefix of one permutation: a larger fraction keeps what a smaller one drew.
    positions = sorted(rng.permutation(len(proposals))[:number])
    return [
        replace(proposals[position], replicate=replicate)
        for position in positions
        for replicate in range(1, seeds)
    ]


def replicated(generation_size: int, fraction: float) -> int:
    """How many architectures of a generation are replicated."""
    return int(fraction * generation_size + 0.5)


def _observations(space: SearchSpace, past: PastGeneration) -> Observations:
    rows = []
    for proposal in past.proposals:
        architecture = space.parse(proposal.raw_architecture)
        architecture_id = space.architecture_id(architecture)
        if architecture_id not in past.results:
            raise EvaluationsError(
                f"proposal {proposal.position} of {proposal.sampler}, generation "
                f"{proposal.generation}, has no evaluation; rerun the train stage"
            )
        value, cost_s = past.results[architecture_id]
        rows.append(
            Observation(architecture, value, cost_s, proposal.generation, proposal.position)
        )
    return Observations(tuple(rows))
