"""
Simulating (training.evaluator: simulate): outcomes drawn from a frozen benchmark, no images.

In:   sample/<sampler>/<batch>.csv, training.simulate.benchmark
Out:  simulate/source.json, simulate/<sampler>/<batch>/shard<j>.{evaluations,curves}.parquet,
      studies/recovery.{parquet,png,txt}
Beside: the evaluation cache, in a folder of its own
"""

from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.registry import find
from nasforge.benchmark.section import FILE
from nasforge.errors import NasforgeError
from nasforge.protocols import SIMULATE_PROTOCOL, STUDY_PROTOCOL

try:
    TRUTH = find(config["training"]["simulate"]["benchmark"])
    read_manifest(TRUTH)
except NasforgeError as error:
    raise WorkflowError(f"config: training.simulate.benchmark: {error}") from None


rule describe_simulation:
    input:
        benchmark=TRUTH / FILE if TRUTH.is_dir() else TRUTH,  # or a .zip
    output:
        source="<results>/simulate/source.json",
    log:
        "<logs>/simulate.log",
    localrule: True
    params:
        protocol=SIMULATE_PROTOCOL,
        dataset=config["dataset"],
        # Its folder is no part of it: a benchmark that was moved is the same one.
        simulation={
            key: value
            for key, value in config["training"]["simulate"].items()
            if key != "benchmark"
        },
    script:
        "../scripts/describe_simulation.py"


rule simulate_shard:
    input:
        proposals="<results>/sample/{sampler}/{batch}.csv",
        dataset="<results>/simulate/source.json",
    output:
        evaluations="<results>/simulate/{sampler}/{batch}/shard{shard}.evaluations.parquet",
        curves="<results>/simulate/{sampler}/{batch}/shard{shard}.curves.parquet",
    log:
        "<logs>/simulate/{sampler}/{batch}/shard{shard}.log",
    threads: 1
    resources:
        **LIGHT,
    params:
        protocol=SIMULATE_PROTOCOL,
        recipe=config["training"]["recipe"],
        shard_size=config["training"]["shard_size"],
    script:
        "../scripts/simulate_shard.py"


rule score_recovery:
    input:
        source="<results>/simulate/source.json",
        manifest="<export>/manifest.json",
    output:
        scores="<results>/studies/recovery.parquet",
        figure=report(
            "<results>/studies/recovery.png",
            category="Studies",
            caption="../report/recovery.rst",
        ),
        finding="<results>/studies/recovery.txt",
    log:
        "<logs>/studies/recovery.log",
    resources:
        **LIGHT,
    params:
        protocol=STUDY_PROTOCOL,
        samplers=config["samplers"],
    script:
        "../scripts/score_recovery.py"
