from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.set_aside import SetAsideOutputs, SetAsideSources, score_set_aside

    names = ("set_aside", "development", "selection")
    records = map(Path, snakemake.input.records)
    score_set_aside(
        resolve_space(snakemake.params.space),
        SetAsideSources(**{name: Path(snakemake.input[name]) for name in names}),
        dict(zip(snakemake.params.surrogates, records, strict=True)),
        SetAsideOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
