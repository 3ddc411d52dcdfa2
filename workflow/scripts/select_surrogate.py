from pathlib import Path

from job import by_surrogate_and_target, job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.selection import SelectionOutputs, select

    select(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.development),
        by_surrogate_and_target(snakemake, snakemake.input.records),
        snakemake.params.query_budget_us,
        SelectionOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
        snakemake.params.exported,
    )
