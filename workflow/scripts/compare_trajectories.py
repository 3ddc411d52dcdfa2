from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.true_and_surrogate import (
        ComparisonOutputs,
        ComparisonSources,
        compare_trajectories,
    )

    compare_trajectories(
        ComparisonSources(Path(snakemake.input.proposals), Path(snakemake.input.evaluations)),
        list(map(Path, snakemake.input.runs)),
        tuple(snakemake.params.settings),
        ComparisonOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
