from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.table import TableOutputs, TableSources, compare_with_table

    files = map(Path, snakemake.input.predictions)
    compare_with_table(
        TableSources(Path(snakemake.input.development), Path(snakemake.input.proposals)),
        dict(zip(snakemake.params.families, files, strict=True)),
        TableOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
