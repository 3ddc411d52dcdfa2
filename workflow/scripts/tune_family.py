from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.tuning import Tuning, tune_family

    tune_family(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.development),
        snakemake.wildcards.family,
        snakemake.params.settings,
        Tuning(**snakemake.params.tuning),
        Path(snakemake.output.study),
        Path(snakemake.output.result),
    )
