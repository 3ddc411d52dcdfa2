from pathlib import Path

from job import by_family_and_target, job

with job(snakemake):
    from nasforge.surrogates.testing import score_test

    score_test(
        Path(snakemake.input.test),
        Path(snakemake.input.development),
        by_family_and_target(snakemake, snakemake.input.models),
        Path(snakemake.output.scores),
        Path(snakemake.output.predictions),
    )
