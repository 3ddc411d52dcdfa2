"""
Studies of optimizers: true against surrogate trajectories, local search run for long, what it
exploits, what the evaluations cover, and whether random search is enough.

In:   split/, fit/, select/, collect/, export/; images/ where what was found is trained
Out:  studies/
"""

from math import ceil

from nasforge.protocols import SIMULATE_PROTOCOL, STUDY_PROTOCOL, TRAINING_PROTOCOL

# What the optimizers run on: families of the config, "best_tree" if it has any.
RUNS_ON = [
    name
    for name in config["studies"]["trajectories"]["families"]
    if name in FAMILIES or (name == "best_tree" and set(TREES) & set(FAMILIES))
]
LONG_RUNS = config["studies"]["long_runs"]
EXPLOITATION = config["studies"]["exploitation"]
EXPLOITED_IS_TRAINED = bool(EXPLOITATION["train"] or EXPLOITATION["trained"])


wildcard_constraints:
    runs_on="|".join(["best_tree", *FAMILIES]),
    optimizer="|".join(LONG_RUNS["optimizers"]),


# Of samplers, and of optimizers for samplers that the config does not have.
SETTINGS = [
    {entry["name"]: entry["settings"] for entry in config.get("samplers", [])},
    config["studies"]["trajectories"]["settings"],
]
LONG_RUN = "<results>/studies/long_runs/{optimizer}"
LONG_CURVES = expand(f"{LONG_RUN}.curves.parquet", optimizer=LONG_RUNS["optimizers"])
LONG_BEST = expand(f"{LONG_RUN}.best.parquet", optimizer=LONG_RUNS["optimizers"])


rule run_without_optimizer:
    input:
        development="<results>/split/development.parquet",
        evaluations="<results>/collect/evaluations.parquet",
        proposals="<results>/collect/proposals.parquet",
        selection="<results>/select/selection.json",
        candidates="<results>/select/candidates.csv",
        records=fitted("json", FAMILIES, ["val_accuracy"]),
    output:
        runs="<results>/studies/trajectories/{runs_on}.parquet",
    log:
        "<logs>/studies/run_without_optimizer_{runs_on}.log",
    benchmark:
        "<benchmarks>/studies/run_without_optimizer_{runs_on}.tsv"
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        families=FAMILIES,
        study={
            key: config["studies"]["trajectories"][key] for key in ("seeds", "members")
        },
        settings=SETTINGS,
    script:
        "../scripts/run_without_optimizer.py"


rule compare_trajectories:
    input:
        evaluations="<results>/collect/evaluations.parquet",
        proposals="<results>/collect/proposals.parquet",
        runs=expand("<results>/studies/trajectories/{runs_on}.parquet", runs_on=RUNS_ON),
    output:
        distances="<results>/studies/trajectories.parquet",
        order="<results>/studies/trajectories_order.parquet",
        figure=report(
            "<results>/studies/trajectories.png",
            category="Studies",
            caption="../report/trajectories.rst",
        ),
        finding="<results>/studies/trajectories.txt",
    log:
        "<logs>/studies/trajectories.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        settings=SETTINGS,
    script:
        "../scripts/compare_trajectories.py"


rule run_long:
    input:
        manifest="<export>/manifest.json",
        arrays=rules.export_benchmark.output.arrays,
    output:
        curves="<results>/studies/long_runs/{optimizer}.curves.parquet",
        best="<results>/studies/long_runs/{optimizer}.best.parquet",
    log:
        "<logs>/studies/run_long_{optimizer}.log",
    benchmark:
        "<benchmarks>/studies/run_long_{optimizer}.tsv"
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        study=lambda wildcards: {
            key: value for key, value in LONG_RUNS.items() if key != "optimizers"
        }
        | {"settings": LONG_RUNS["optimizers"][wildcards.optimizer]},
    script:
        "../scripts/run_long.py"


rule compare_long_runs:
    input:
        curves=LONG_CURVES,
    output:
        numbers="<results>/studies/long_runs.parquet",
        leads="<results>/studies/long_runs_leads.parquet",
        figure=report(
            "<results>/studies/long_runs.png",
            category="Studies",
            caption="../report/long_runs.rst",
        ),
        finding="<results>/studies/long_runs.txt",
    log:
        "<logs>/studies/long_runs.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
    script:
        "../scripts/compare_long_runs.py"


rule compare_with_draws:
    input:
        manifest="<export>/manifest.json",
        arrays=rules.export_benchmark.output.arrays,
        curves=LONG_CURVES,
    output:
        numbers="<results>/studies/random_draws.parquet",
        figure=report(
            "<results>/studies/random_draws.png",
            category="Studies",
            caption="../report/random_draws.rst",
        ),
        finding="<results>/studies/random_draws.txt",
    log:
        "<logs>/studies/random_draws.log",
    resources:
        **HEAVY,
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        study=config["studies"]["random_draws"],
    script:
        "../scripts/compare_with_draws.py"


rule study_coverage:
    input:
        manifest="<export>/manifest.json",
        arrays=rules.export_benchmark.output.arrays,
        development="<results>/split/development.parquet",
        evaluations="<results>/collect/evaluations.parquet",
        proposals="<results>/collect/proposals.parquet",
        selection="<results>/select/selection.json",
        predictions=fitted("parquet", targets=["val_accuracy"]),
        best=LONG_BEST,
    output:
        embedding="<results>/studies/coverage_embedding.parquet",
        distances="<results>/studies/coverage_distances.parquet",
        summary="<results>/studies/coverage.parquet",
        figure=report(
            "<results>/studies/coverage.png",
            category="Studies",
            caption="../report/coverage.rst",
        ),
        finding="<results>/studies/coverage.txt",
    log:
        "<logs>/studies/coverage.log",
    resources:
        **HEAVY,
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        surrogates=SURROGATES,
        sample=config["studies"]["coverage"]["sample"],
    script:
        "../scripts/study_coverage.py"


rule choose_exploited:
    input:
        manifest="<export>/manifest.json",
        arrays=rules.export_benchmark.output.arrays,
        best=LONG_BEST,
    output:
        proposals="<results>/studies/exploitation/proposals.csv",
        predictions="<results>/studies/exploitation/predictions.parquet",
    log:
        "<logs>/studies/choose_exploited.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        choice={key: EXPLOITATION[key] for key in ("best", "controls", "replicates")},
    script:
        "../scripts/choose_exploited.py"


# Only a campaign that trains, or rehearses that, can; check_config refuses it elsewhere.
if EXPLOITATION["train"]:
    networks = (
        EXPLOITATION["best"] * len(LONG_RUNS["optimizers"]) + EXPLOITATION["controls"]
    )
    trainings = networks * EXPLOITATION["replicates"]
    shards = range(ceil(trainings / config["training"]["shard_size"]))

    rule train_exploited:
        input:
            proposals=rules.choose_exploited.output.proposals,
            dataset=SOURCE,
            arrays=rules.prepare_images.output.arrays if EVALUATOR == "train" else [],
        output:
            evaluations="<results>/studies/exploitation/shard{shard}.evaluations.parquet",
            curves="<results>/studies/exploitation/shard{shard}.curves.parquet",
        log:
            "<logs>/studies/exploitation/shard{shard}.log",
        benchmark:
            "<benchmarks>/studies/exploitation/shard{shard}.tsv"
        threads: 1
        resources:
            **(TRAINING if EVALUATOR == "train" else LIGHT),
        params:
            protocol=TRAINING_PROTOCOL if EVALUATOR == "train" else SIMULATE_PROTOCOL,
            recipe=config["training"]["recipe"],
            shard_size=config["training"]["shard_size"],
        script:
            f"../scripts/{EVALUATOR}_shard.py"

    EXPLOITED = rules.choose_exploited.output.predictions
    EXPLOITED_TRAININGS = expand(
        "<results>/studies/exploitation/shard{shard}.evaluations.parquet",
        shard=shards,
    )

elif EXPLOITATION["trained"]:
    EXPLOITED = f"{EXPLOITATION['trained']}/predictions.parquet"
    EXPLOITED_TRAININGS = sorted(
        map(str, Path(EXPLOITATION["trained"]).glob("evaluations/*.parquet"))
    )


if EXPLOITED_IS_TRAINED:

    rule score_exploited:
        input:
            predictions=EXPLOITED,
            evaluations=EXPLOITED_TRAININGS,
        output:
            scores="<results>/studies/exploitation.parquet",
            figure=report(
                "<results>/studies/exploitation.png",
                category="Studies",
                caption="../report/exploitation.rst",
            ),
            finding="<results>/studies/exploitation.txt",
        log:
            "<logs>/studies/score_exploited.log",
        localrule: True
        params:
            protocol=STUDY_PROTOCOL,
            earlier=bool(EXPLOITATION["trained"]),
        script:
            "../scripts/score_exploited.py"
