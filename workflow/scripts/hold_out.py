from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.holding_out import HoldOutSources, hold_out

    hold_out(
        resolve_space(snakemake.params.space),
        HoldOutSources(**{name: Path(file) for name, file in snakemake.input.items()}),
        **snakemake.params.study,
        output=Path(snakemake.output.predictions),
    )
