from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.surrogates.labels import write_parts

    write_parts(
        Path(snakemake.input.evaluations),
        Path(snakemake.input.proposals),
        Path(snakemake.output.development),
        Path(snakemake.output.test),
        snakemake.params.split["test_fraction"],
        snakemake.params.split["seed"],
    )
