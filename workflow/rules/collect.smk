"""
Collecting: all shards and proposals become three tables, checked.

In:   sample/, train/
Out:  collect/{evaluations,curves,proposals}.parquet
"""

from nasforge.protocols import COLLECT_PROTOCOL


rule collect_tables:
    input:
        proposals=proposal_files(),
        evaluations=all_shard_files("evaluations"),
        curves=all_shard_files("curves"),
        dataset="<results>/images/dataset.json",
    output:
        evaluations="<results>/collect/evaluations.parquet",
        curves="<results>/collect/curves.parquet",
        proposals="<results>/collect/proposals.parquet",
    log:
        "<logs>/collect.log",
    params:
        protocol=COLLECT_PROTOCOL,
        recipe=config["training"]["recipe"],
        max_failed_fraction=config["training"]["max_failed_fraction"],
    script:
        "../scripts/collect_tables.py"
