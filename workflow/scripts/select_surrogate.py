from pathlib import Path

from job import by_family_and_target, job

with job(snakemake):
    from nasforge.surrogates.selection import select

    select(
        Path(snakemake.input.development),
        by_family_and_target(snakemake, snakemake.input.predictions),
        Path(snakemake.output.scores),
        Path(snakemake.output.selection),
    )
