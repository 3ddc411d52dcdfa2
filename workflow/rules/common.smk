"""
What all stages share: the checked config, where results go, and the campaign's fixed shape.

The DAG is known before it runs: samplers, generations and shards follow from the config alone.
"""

from pathlib import Path

from nasforge.campaign import Campaign
from nasforge.config import check_config
from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.files import hold_folder
from snakemake.exceptions import WorkflowError

try:
    check_config(
        config,
        Path(
            workflow.current_basedir.join(
                "../schemas/config.schema.yaml"
            ).get_path_or_uri(secret_free=True)
        ),
    )
except ConfigError as error:
    raise WorkflowError(f"config: {error}") from None


pathvars:
    results=f"results/{config['name']}",
    export=f"<results>/export/{config['export']['name']}-v{config['export']['version']}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


CAMPAIGN = Campaign.from_config(config)
SAMPLERS = CAMPAIGN.samplers
FAMILIES = list(config["surrogates"]["families"])
TARGETS = config["surrogates"]["targets"]


onstart:
    # Instead of Snakemake's lock (nolock in the profiles), which a killed run leaves behind.
    try:
        hold_folder(Path(f"results/{config['name']}"))
    except EvaluationsError as error:
        raise WorkflowError(str(error)) from None


wildcard_constraints:
    sampler="|".join(SAMPLERS),
    generation=r"\d+",
    batch=r"gen\d+(-replicates)?",
    shard=r"\d+",
    family="|".join(FAMILIES),
    target="|".join(TARGETS),


def shard_files(kind, sampler, batches):
    """Paths of one kind of table ("evaluations" or "curves") of all shards of some batches."""
    return [
        f"<results>/train/{sampler}/{batch}/shard{shard}.{kind}.parquet"
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


def model_files():
    """Every family's model of every target."""
    return expand(
        "<results>/fit/{family}/{target}.npz", family=FAMILIES, target=TARGETS
    )


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


def family_settings(wildcards):
    return config["surrogates"]["families"][wildcards.family]
