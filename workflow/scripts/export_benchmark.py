from pathlib import Path

from job import by_surrogate_and_target, job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.describing import ExportSources, ExportSpec
    from nasforge.surrogates.export import export

    curve = snakemake.input.curve

    export(
        resolve_space(snakemake.params.space),
        ExportSpec(**snakemake.params.export),
        ExportSources(
            evaluations=Path(snakemake.input.evaluations),
            proposals=Path(snakemake.input.proposals),
            development=Path(snakemake.input.development),
            machines=Path(snakemake.input.machines),
            selection=Path(snakemake.input.selection),
            test_scores=Path(snakemake.input.test_scores),
            test_predictions=Path(snakemake.input.test_predictions),
        ),
        by_surrogate_and_target(snakemake, snakemake.input.records),
        Path(snakemake.output.manifest).parents[1],
        Path(curve[0]) if curve else None,
    )
