from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.folder import find_tables
    from nasforge.evaluators.replay import replay_record
    from nasforge.evaluators.source import write_source
    from nasforge.recipe import DatasetSpec, Recipe

    record = replay_record(
        find_tables(Path(snakemake.config["training"]["replay"]["path"])),
        Recipe.from_dict(snakemake.params.recipe),
        DatasetSpec.from_dict(snakemake.params.dataset),
    )
    write_source(Path(snakemake.output.source), record)
