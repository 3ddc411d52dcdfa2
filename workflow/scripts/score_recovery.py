from pathlib import Path

from job import job

with job(snakemake):
    import nasforge
    from nasforge.evaluators.simulate import check_is_simulated
    from nasforge.evaluators.source import read_source
    from nasforge.studies.recovery import score_recovery, write_recovery

    settings = snakemake.config["training"]["simulate"]
    truth = nasforge.load(settings["benchmark"], settings["surrogate"])
    check_is_simulated(truth, read_source(Path(snakemake.input.source)))
    recovered = nasforge.load(Path(snakemake.input.manifest).parent)
    rows = score_recovery(truth, recovered, snakemake.params.samplers)
    write_recovery(
        rows, *(Path(snakemake.output[name]) for name in ("scores", "figure", "finding"))
    )
