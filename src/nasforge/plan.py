"""What a config would cost, before anyone pays for it.

>>> print(plan(config, seconds_per_training=40.0).to_text())
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nasforge.campaign import Campaign
from nasforge.errors import NasforgeError
from nasforge.evaluations.schema import Evaluation
from nasforge.recipe import Recipe
from nasforge.remaining import cached_trainings, finished, known_dataset_id

# Measured on the quickstart (62 evaluations of 8 epochs in 15 shards) and at 4 epochs.
BYTES_PER_EVALUATION = 1800
"""A cache entry without its curve, and its row in the collected tables."""

BYTES_PER_EPOCH = 250
"""A curve point in both."""

BYTES_PER_SHARD = 20_000
"""The two small parquet files of a shard, most of it their schema and metadata."""

STAGES_AFTER_TRAINING = 8
"""collect, split, select, score_test, export and the report's three."""


@dataclass(frozen=True)
class SamplerPlan:
    """One sampler's share.

    Attributes:
        sampler: Its name.
        optimizer: Its optimizer.
        generations: Batches it proposes.
        generation_size: Proposals in each.
        trainings: Trainings in all, replicates included.
        cached: Those of them that are in the cache; None if that is not known.
    """

    sampler: str
    optimizer: str
    generations: int
    generation_size: int
    trainings: int
    cached: int | None


@dataclass(frozen=True)
class Plan:
    """A config's costs.

    Attributes:
        name: The config's name.
        samplers: Share of each sampler.
        trainings: At most so many; fewer if proposals coincide.
        cached: Those of them that are in the cache; None if that is not known.
        of_recipe: Trainings of this recipe in the cache, of whatever images.
        jobs: Snakemake's jobs.
        seconds_per_training: The estimate that hours are made from.
        estimate_from: Where the estimate comes from.
        device: "cpu" or a GPU: what the hours are hours of.
        disk_mb: Cache and tables, in 10^6 bytes.
    """

    name: str
    samplers: tuple[SamplerPlan, ...]
    trainings: int
    cached: int | None
    of_recipe: int
    jobs: int
    seconds_per_training: float
    estimate_from: str
    device: str
    disk_mb: float

    @property
    def hours(self) -> float:
        """Core-hours on a CPU, GPU-hours on a GPU."""
        return self.trainings * self.seconds_per_training / 3600

    @property
    def remaining(self) -> int:
        """Trainings that are not known to be in the cache."""
        return self.trainings - (self.cached or 0)

    @property
    def remaining_hours(self) -> float:
        """What these cost."""
        return self.remaining * self.seconds_per_training / 3600

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        computed = ("hours", "remaining", "remaining_hours")
        return {**asdict(self), **{name: getattr(self, name) for name in computed}}

    def to_text(self) -> str:
        """A table for people."""
        lines = [
            f"{self.name}: {self.trainings} trainings in {self.jobs} jobs, "
            f"{self._time_text(self.hours)}, {self.disk_mb:.1f} MB",
            f"({self.seconds_per_training:.1f} s per training, {self.estimate_from})",
            *self._cache_lines(),
            f"{'sampler':<16} {'optimizer':<24} {'generations':>11} {'size':>6} {'trainings':>9} "
            f"{'cached':>6}",
        ]
        lines += [
            f"{row.sampler:<16} {row.optimizer:<24} {row.generations:>11} "
            f"{row.generation_size:>6} {row.trainings:>9} "
            f"{'-' if row.cached is None else row.cached:>6}"
            for row in self.samplers
        ]
        return "\n".join(lines)

    def _time_text(self, hours: float) -> str:
        kind = "core" if self.device == "cpu" else "GPU"
        return f"{hours:.1f} {kind}-hours" if hours >= 1 else f"{60 * hours:.1f} {kind}-minutes"

    def _cache_lines(self) -> list[str]:
        if self.cached is None:
            return [
                f"in the cache: {self.of_recipe} trainings of this recipe; how many of them are of "
                "these images is known where the images are"
            ]
        if not self.cached:
            return []
        left = "all of them"
        if self.remaining:
            time = self._time_text(self.remaining_hours)
            left = f"{self.cached} of them; at most {self.remaining} remain, {time}"
        return [f"in the cache: {left}"]


def plan(config: Mapping[str, Any], seconds_per_training: float | None = None) -> Plan:
    """Count what a checked config would do.

    Args:
        config: The config.
        seconds_per_training: An estimate; None takes the mean of this recipe's evaluations in the
            cache.

    Raises:
        NasforgeError: No estimate is given and the cache has none.
    """
    campaign = Campaign.from_config(config)
    recipe = Recipe.from_dict(config["training"]["recipe"])
    known = finished(config)
    seconds, estimate_from = _estimate(seconds_per_training, known.values())
    cached = _cached(config, known)
    batches = sum(len(campaign.batches(name)) for name in campaign.samplers)
    parts = sum(spec.generations for spec in campaign.samplers.values())
    trainings = campaign.trainings()
    size = trainings * (BYTES_PER_EVALUATION + recipe.epochs * BYTES_PER_EPOCH)
    size += campaign.train_jobs() * BYTES_PER_SHARD
    return Plan(
        name=config["name"],
        samplers=tuple(
            SamplerPlan(
                name,
                spec.optimizer,
                spec.generations,
                spec.generation_size,
                campaign.trainings(name),
                cached.get(name),
            )
            for name, spec in campaign.samplers.items()
        ),
        trainings=trainings,
        cached=sum(cached.values()) if cached else None,
        of_recipe=len(known),
        jobs=1 + batches + campaign.train_jobs() + parts + _jobs_after(config) + 1,
        seconds_per_training=seconds,
        estimate_from=estimate_from,
        device=config["execution"]["device"],
        disk_mb=size / 1e6,
    )


def _jobs_after(config: Mapping[str, Any]) -> int:
    """Jobs behind the parts."""
    surrogates = config["surrogates"]
    families, targets = surrogates["families"], len(surrogates["targets"])
    jobs = STAGES_AFTER_TRAINING + len(families) * targets
    if surrogates["blend"]["parts"]:
        jobs += targets
    jobs += bool(surrogates["curve"]["components"])
    if tuned := len(families.keys() - {"mean"}) * bool(surrogates["tuning"]["trials"]):
        jobs += tuned + 1  # gather_tuned
    return jobs + (config["training"]["evaluator"] == "simulate")  # score_recovery


def _estimate(given: float | None, known: Iterable[Evaluation]) -> tuple[float, str]:
    """Seconds per training, and where they come from."""
    if given is not None:
        return given, "as given"
    times = [evaluation.train_time_s for evaluation in known if evaluation.status == "ok"]
    if not times:
        raise NasforgeError(
            "no training of this recipe is in the cache to estimate the time from; give "
            "--seconds-per-training (nasforge train measures one)"
        )
    return sum(times) / len(times), f"mean of {len(times)} in the cache"


def _cached(config: Mapping[str, Any], known: Mapping[str, Evaluation]) -> dict[str, int]:
    """Trainings in the cache by sampler; {} if the images' id, a part of theirs, is not known."""
    # What is not trained costs next to nothing, and has another id.
    if not known or config["training"]["evaluator"] != "train":
        return {entry["name"]: 0 for entry in config["samplers"]}
    dataset_id = known_dataset_id(config)
    return {} if dataset_id is None else cached_trainings(config, known, dataset_id)
