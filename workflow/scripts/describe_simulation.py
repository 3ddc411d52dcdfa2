from pathlib import Path

from job import job

with job(snakemake):
    import nasforge
    from nasforge.evaluators.simulate import simulation_record
    from nasforge.evaluators.source import write_source
    from nasforge.recipe import DatasetSpec

    settings = snakemake.config["training"]["simulate"]
    record = simulation_record(
        nasforge.load(settings["benchmark"], settings["surrogate"]),
        DatasetSpec.from_dict(snakemake.params.dataset),
        settings["failure_rate"],
        settings["divergence_rate"],
    )
    write_source(Path(snakemake.output.source), record)
