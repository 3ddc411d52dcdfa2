from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.coverage import CoverageOutputs, CoverageSources, study_coverage

    names = ("development", "evaluations", "proposals", "selection")
    predictions = map(Path, snakemake.input.predictions)
    study_coverage(
        resolve_space(snakemake.params.space),
        CoverageSources(
            Path(snakemake.input.manifest).parent,
            **{name: Path(snakemake.input[name]) for name in names},
        ),
        dict(zip(snakemake.params.surrogates, predictions, strict=True)),
        list(map(Path, snakemake.input.best)),
        snakemake.params.sample,
        CoverageOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
