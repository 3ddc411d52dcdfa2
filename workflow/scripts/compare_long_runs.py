from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.overtaking import LongRunOutputs, compare_long_runs

    compare_long_runs(
        list(map(Path, snakemake.input.curves)),
        LongRunOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
