# nasforge: makes a surrogate NAS benchmark. `snakemake --cores all` runs the quickstart;
# `--configfile config/workstation.yaml` another config. Everything lands in results/<name>/.
from snakemake.utils import min_version

min_version("9.27")


# Not together with another config: Snakemake would merge the two, key by key.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


# For `--lint` alone: jobs run in the environment that runs Snakemake, never in this image.
container: "docker://python:3.11-slim"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
# Evaluations are given, or made: campaign.smk includes sample.smk, train.smk and collect.smk.
include: f"workflow/rules/{EVALUATIONS_FROM}.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/study.smk"


rule all:
    default_target: True
    input:
        "<export>/manifest.json",
        rules.plot_figures.output,
        rules.tabulate_scores.output,
        rules.write_explorer.output if config["space"] == "darts" else [],
        rules.gather_tuned.output if TUNED else [],
        rules.score_recovery.output if EVALUATOR == "simulate" else [],
