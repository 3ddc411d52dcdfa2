from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.collect import collect_campaign
    from nasforge.evaluations.folder import TablePaths

    parts = zip(
        snakemake.input.evaluations, snakemake.input.curves, snakemake.input.proposals, strict=True
    )
    collect_campaign(
        [TablePaths(*map(Path, files)) for files in parts],
        TablePaths(*(Path(file) for file in snakemake.output)),
        snakemake.params.max_failed_fraction,
    )
