"""
Training (training.evaluator: train): the images, prepared once, and one job per shard of a batch of proposals.

In:   sample/<sampler>/<batch>.csv
Out:  images/, train/<sampler>/<batch>/shard<j>.{evaluations,curves}.parquet
Beside: the evaluation cache (execution.cache_dir); a training in it is never repeated.
"""

from nasforge.protocols import IMAGES_PROTOCOL, TRAINING_PROTOCOL

SPLITS = ("train", "validation", "test")


rule prepare_images:
    output:
        manifest="<results>/images/dataset.json",
        arrays=expand(
            "<results>/images/{split}_{kind}.npy",
            split=SPLITS,
            kind=("images", "labels"),
        ),
    log:
        "<logs>/images.log",
    localrule: True
    params:
        protocol=IMAGES_PROTOCOL,
        dataset=config["dataset"],
    script:
        "../scripts/prepare_images.py"


rule train_shard:
    input:
        proposals="<results>/sample/{sampler}/{batch}.csv",
        dataset="<results>/images/dataset.json",
        arrays=rules.prepare_images.output.arrays,
    output:
        evaluations="<results>/train/{sampler}/{batch}/shard{shard}.evaluations.parquet",
        curves="<results>/train/{sampler}/{batch}/shard{shard}.curves.parquet",
    log:
        "<logs>/train/{sampler}/{batch}/shard{shard}.log",
    benchmark:
        "<benchmarks>/train/{sampler}/{batch}/shard{shard}.tsv"
    threads: 1
    resources:
        **TRAINING,
    params:
        protocol=TRAINING_PROTOCOL,
        recipe=config["training"]["recipe"],
        shard_size=config["training"]["shard_size"],
    script:
        "../scripts/train_shard.py"
