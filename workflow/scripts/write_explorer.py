from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.explorer import write_explorer

    write_explorer(
        Path(snakemake.output.page),
        Path(snakemake.input.manifest).parent,
        evaluations=Path(snakemake.input.evaluations).parent,
    )
