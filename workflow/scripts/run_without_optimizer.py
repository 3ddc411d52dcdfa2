from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.studies.without_optimizer import WithoutSources, WithoutSpec, run_without

    names = ("development", "evaluations", "proposals", "selection", "candidates")
    records = map(Path, snakemake.input.records)
    run_without(
        resolve_space(snakemake.params.space),
        WithoutSources(**{name: Path(snakemake.input[name]) for name in names}),
        WithoutSpec(snakemake.wildcards.runs_on, **snakemake.params.study),
        dict(zip(snakemake.params.families, records, strict=True)),
        tuple(snakemake.params.settings),
        Path(snakemake.output.runs),
    )
