"""
Collecting: the shards of a generation become a part, the parts three tables, checked.

In:   sample/, train/ (or simulate/, replay/)
Out:  collect/parts/{evaluations,curves,proposals}/<sampler>-g<k>.parquet
      collect/{evaluations,curves,proposals}.parquet
"""

from nasforge.protocols import COLLECT_PROTOCOL


rule collect_generation:
    input:
        proposals="<results>/sample/{sampler}/gen{generation}.csv",
        evaluations=lambda wildcards: generation_shards("evaluations", wildcards),
        curves=lambda wildcards: generation_shards("curves", wildcards),
        dataset=SOURCE,
    output:
        evaluations="<results>/collect/parts/evaluations/{sampler}-g{generation}.parquet",
        curves="<results>/collect/parts/curves/{sampler}-g{generation}.parquet",
        proposals="<results>/collect/parts/proposals/{sampler}-g{generation}.parquet",
    log:
        "<logs>/collect/{sampler}-g{generation}.log",
    # A finished generation becomes a part at once: parts are what a stopped campaign leaves.
    priority: 1
    localrule: True
    params:
        protocol=COLLECT_PROTOCOL,
        recipe=config["training"]["recipe"],
    script:
        "../scripts/collect_generation.py"


rule collect_campaign:
    input:
        evaluations=part_files("evaluations"),
        curves=part_files("curves"),
        proposals=part_files("proposals"),
    output:
        evaluations="<results>/collect/evaluations.parquet",
        curves="<results>/collect/curves.parquet",
        proposals="<results>/collect/proposals.parquet",
    log:
        "<logs>/collect.log",
    resources:
        **HEAVY,
    params:
        protocol=COLLECT_PROTOCOL,
        max_failed_fraction=config["training"]["max_failed_fraction"],
    script:
        "../scripts/collect_campaign.py"
