from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.surrogates.scores import tabulate_scores

    tabulate_scores(
        [Path(snakemake.input.out_of_fold), Path(snakemake.input.test)],
        Path(snakemake.output.scores),
    )
