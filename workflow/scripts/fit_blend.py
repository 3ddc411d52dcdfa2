from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.surrogates.blending import fit_blend

    files = map(Path, snakemake.input.predictions)
    fit_blend(
        Path(snakemake.input.development),
        snakemake.wildcards.target,
        dict(zip(snakemake.params.families, files, strict=True)),
        snakemake.params.parts,
        snakemake.params.seed,
        Path(snakemake.output.record),
    )
