"""
Replaying (training.evaluator: replay): outcomes looked up among trainings made before, no images.

In:   sample/<sampler>/<batch>.csv, training.replay.path
Out:  replay/source.json, replay/<sampler>/<batch>/shard<j>.{evaluations,curves}.parquet
Beside: the evaluation cache, in a folder of its own
"""

from nasforge.evaluations.folder import find_tables
from nasforge.protocols import REPLAY_PROTOCOL

try:
    REPLAYED = find_tables(Path(config["training"]["replay"]["path"]))
except EvaluationsError as error:
    raise WorkflowError(f"config: training.replay.path: {error}") from None


rule describe_replay:
    input:
        evaluations=[part.evaluations for part in REPLAYED],
    output:
        source="<results>/replay/source.json",
    log:
        "<logs>/replay.log",
    localrule: True
    params:
        protocol=REPLAY_PROTOCOL,
        recipe=config["training"]["recipe"],
        dataset=config["dataset"],
    script:
        "../scripts/describe_replay.py"


rule replay_shard:
    input:
        proposals="<results>/sample/{sampler}/{batch}.csv",
        source="<results>/replay/source.json",
    output:
        evaluations="<results>/replay/{sampler}/{batch}/shard{shard}.evaluations.parquet",
        curves="<results>/replay/{sampler}/{batch}/shard{shard}.curves.parquet",
    log:
        "<logs>/replay/{sampler}/{batch}/shard{shard}.log",
    threads: 1
    resources:
        **LIGHT,
    params:
        protocol=REPLAY_PROTOCOL,
        recipe=config["training"]["recipe"],
        shard_size=config["training"]["shard_size"],
    script:
        "../scripts/replay_shard.py"
