from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.labels import PartFiles, write_parts

    write_parts(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.evaluations),
        Path(snakemake.input.proposals),
        PartFiles(**{name: Path(file) for name, file in snakemake.output.items()}),
        **snakemake.params.split,
    )
