from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.recipe import DatasetSpec
    from nasforge.training.prepare import prepare

    data_dir = snakemake.config["execution"]["data_dir"]
    prepare(
        DatasetSpec.from_dict(snakemake.params.dataset),
        Path(data_dir) if data_dir else None,
        Path(snakemake.output.manifest).parent,
    )
