from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.surrogates.tuned import gather_tuned

    gather_tuned(list(map(Path, snakemake.input.results)), Path(snakemake.output.tuned))
