from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.ensemble import Bagging
    from nasforge.surrogates.fitting import fit_target
    from nasforge.surrogates.tuned import read_tuned

    tuned = snakemake.input.tuned
    fit_target(
        resolve_space(snakemake.params.space),
        Path(snakemake.input.development),
        snakemake.wildcards.family,
        snakemake.wildcards.target,
        read_tuned(Path(tuned[0])) if tuned else snakemake.params.settings,
        Bagging(**snakemake.params.bagging),
        Path(snakemake.output.record),
    )
