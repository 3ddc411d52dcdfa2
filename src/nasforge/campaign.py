"""The fixed shape of a campaign: batches of proposals, their shards, and how much there is of each.

    >>> campaign = Campaign.from_config(config)
    >>> campaign.shards("random", "gen0"), campaign.trainings()

A batch is what one sample job writes: `gen<k>`, or `gen<k>-replicates`. All of it follows from the
config alone, so that the DAG is known before it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

from nasforge.sampling import SamplerSpec, replicated

REPLICATES = "-replicates"


@dataclass(frozen=True)
class Campaign:
    """Samplers, replicates and shards of a config.

    Attributes:
        samplers: By name, in the config's order.
        fraction: Part of every generation that is replicated.
        seeds: Trainings of a replicated architecture in all.
        shard_size: Trainings per job.
    """

    samplers: Mapping[str, SamplerSpec]
    fraction: float
    seeds: int
    shard_size: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Read a checked config."""
        return cls(
            samplers={entry["name"]: SamplerSpec(**entry) for entry in config["samplers"]},
            fraction=config["replicates"]["fraction"],
            seeds=config["replicates"]["seeds"],
            shard_size=config["training"]["shard_size"],
        )

    def generations(self, sampler: str) -> list[str]:
        """Batches that a sampler proposes itself."""
        return [f"gen{k}" for k in range(self.samplers[sampler].generations)]

    def replicate_batches(self, sampler: str) -> list[str]:
        """A batch of replicates per generation, unless they would be empty."""
        if not replicated(self.samplers[sampler].generation_size, self.fraction):
            return []
        return [batch + REPLICATES for batch in self.generations(sampler)]

    def generation_batches(self, sampler: str, generation: int) -> list[str]:
        """One generation's own batch and that of its replicates."""
        return [b for b in self.batches(sampler) if b.partition("-")[0] == f"gen{generation}"]

    def batches(self, sampler: str) -> list[str]:
        """All batches of a sampler."""
        return self.generations(sampler) + self.replicate_batches(sampler)

    def batch_size(self, sampler: str, batch: str) -> int:
        """Trainings that a batch asks for."""
        size = self.samplers[sampler].generation_size
        if batch.endswith(REPLICATES):
            return replicated(size, self.fraction) * (self.seeds - 1)
        return size

    def shards(self, sampler: str, batch: str) -> range:
        """Numbers of a batch's shards."""
        return range(ceil(self.batch_size(sampler, batch) / self.shard_size))

    def trainings(self, sampler: str | None = None) -> int:
        """Trainings asked for by one sampler, or by all; fewer run if proposals coincide."""
        names = self.samplers if sampler is None else [sampler]
        return sum(self.batch_size(name, batch) for name in names for batch in self.batches(name))

    def train_jobs(self) -> int:
        """Jobs of the train stage."""
        return sum(
            len(self.shards(name, batch)) for name in self.samplers for batch in self.batches(name)
        )
