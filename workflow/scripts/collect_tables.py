import json
from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.collect import CampaignTables, collect
    from nasforge.recipe import Recipe

    collect(
        [Path(file) for file in snakemake.input.evaluations],
        [Path(file) for file in snakemake.input.curves],
        [Path(file) for file in snakemake.input.proposals],
        CampaignTables(
            Path(snakemake.output.evaluations),
            Path(snakemake.output.curves),
            Path(snakemake.output.proposals),
        ),
        Recipe.from_dict(snakemake.params.recipe).recipe_id,
        json.loads(Path(snakemake.input.dataset).read_text(encoding="utf-8"))["dataset_id"],
        snakemake.params.max_failed_fraction,
    )
