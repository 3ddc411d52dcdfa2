"""
Sampling: every sampler's generations, and the replicates drawn from them.

In:   evaluations of a sampler's earlier generations (samplers with feedback only)
Out:  sample/<sampler>/gen<k>.csv, sample/<sampler>/gen<k>-replicates.csv
"""

from nasforge.protocols import SAMPLE_PROTOCOL


def earlier_generations(wildcards):
    """Batches whose results a generation needs."""
    if not SAMPLERS[wildcards.sampler].uses_feedback:
        return []
    return generations(wildcards.sampler)[: int(wildcards.generation)]


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


rule sample_generation:
    input:
        proposals=earlier_proposals,
        evaluations=earlier_evaluations,
    output:
        proposals="<results>/sample/{sampler}/gen{generation}.csv",
    log:
        "<logs>/sample/{sampler}/gen{generation}.log",
    localrule: True
    params:
        protocol=SAMPLE_PROTOCOL,
        sampler=sampler_entry,
    script:
        "../scripts/sample_generation.py"


rule choose_replicates:
    input:
        proposals="<results>/sample/{sampler}/gen{generation}.csv",
    output:
        proposals="<results>/sample/{sampler}/gen{generation}-replicates.csv",
    log:
        "<logs>/sample/{sampler}/gen{generation}-replicates.log",
    localrule: True
    params:
        protocol=SAMPLE_PROTOCOL,
        replicates=config["replicates"],
    script:
        "../scripts/choose_replicates.py"
