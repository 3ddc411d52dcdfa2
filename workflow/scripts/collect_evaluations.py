from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.folder import TablePaths
    from nasforge.evaluations.given import collect_evaluations
    from nasforge.space.registry import resolve_space

    parts = zip(
        snakemake.input.evaluations, snakemake.input.curves, snakemake.input.proposals, strict=True
    )
    collect_evaluations(
        resolve_space(snakemake.params.space),
        [TablePaths(*map(Path, files)) for files in parts],
        TablePaths(*(Path(file) for file in snakemake.output)),
    )
