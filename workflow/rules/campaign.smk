"""
A campaign of trainings: the fixed shape that sampling, training and collecting share.

The DAG is known before it runs: samplers, generations and shards follow from the config alone.
"""

from nasforge.campaign import Campaign

CAMPAIGN = Campaign.from_config(config)
SAMPLERS = CAMPAIGN.samplers
# What `dataset_id` stands for: the images, or where outcomes come from without them.
SOURCE = {"train": "<results>/images/dataset.json"}.get(
    EVALUATOR, f"<results>/{EVALUATOR}/source.json"
)


wildcard_constraints:
    sampler="|".join(SAMPLERS),
    generation=r"\d+",
    batch=r"gen\d+(-replicates)?",
    shard=r"\d+",


def shard_files(kind, sampler, batches):
    """Paths of one kind of table ("evaluations" or "curves") of all shards of some batches."""
    return [
        f"<results>/{EVALUATOR}/{sampler}/{batch}/shard{shard}.{kind}.parquet"
        for batch in batches
        for shard in CAMPAIGN.shards(sampler, batch)
    ]


def generation_shards(kind, wildcards):
    """The same for one generation of a sampler, replicates included."""
    batches = CAMPAIGN.generation_batches(wildcards.sampler, int(wildcards.generation))
    return shard_files(kind, wildcards.sampler, batches)


def part_files(kind):
    """Paths of one kind of table of all parts: one per sampler and generation."""
    return [
        f"<results>/collect/parts/{kind}/{name}-g{generation}.parquet"
        for name, sampler in SAMPLERS.items()
        for generation in range(sampler.generations)
    ]


def earlier_generations(wildcards):
    """Batches whose results a generation needs."""
    if not SAMPLERS[wildcards.sampler].uses_feedback:
        return []
    return CAMPAIGN.generations(wildcards.sampler)[: int(wildcards.generation)]


def earlier_proposals(wildcards):
    return [
        f"<results>/sample/{wildcards.sampler}/{batch}.csv"
        for batch in earlier_generations(wildcards)
    ]


def earlier_evaluations(wildcards):
    return shard_files("evaluations", wildcards.sampler, earlier_generations(wildcards))


def sampler_entry(wildcards):
    """The sampler's config without `generations`: one more changes none of those there are."""
    [entry] = [e for e in config["samplers"] if e["name"] == wildcards.sampler]
    return {key: value for key, value in entry.items() if key != "generations"}


include: "sample.smk"
include: f"{EVALUATOR}.smk"
include: "collect.smk"
