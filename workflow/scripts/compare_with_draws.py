from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.random_draws import DrawOutputs, compare_with_draws

    compare_with_draws(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.manifest).parent,
        list(map(Path, snakemake.input.curves)),
        **snakemake.params.study,
        outputs=DrawOutputs(**{name: Path(file) for name, file in snakemake.output.items()}),
    )
