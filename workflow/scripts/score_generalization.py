from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.generalization import GeneralizationSources, score_generalization

    files = map(Path, snakemake.input.predictions)
    score_generalization(
        GeneralizationSources(
            Path(snakemake.input.development),
            Path(snakemake.input.proposals),
            dict(zip(snakemake.params.families, files, strict=True)),
        ),
        Path(snakemake.output.scores),
        Path(snakemake.output.figure),
        Path(snakemake.output.finding),
    )
