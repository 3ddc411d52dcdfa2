from pathlib import Path

from job import by_surrogate_and_target, job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.testing import TestedCurve, score_test

    curve = snakemake.input.curve

    score_test(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.test),
        Path(snakemake.input.development),
        Path(snakemake.input.selection),
        by_surrogate_and_target(snakemake, snakemake.input.records),
        Path(snakemake.output.scores),
        Path(snakemake.output.predictions),
        TestedCurve(Path(curve[0]), Path(snakemake.input.curves[0])) if curve else None,
    )
