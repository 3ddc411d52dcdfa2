from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.long_runs import LongRun, run_long

    run_long(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.manifest).parent,
        LongRun(snakemake.wildcards.optimizer, **snakemake.params.study),
        Path(snakemake.output.curves),
        Path(snakemake.output.best),
    )
