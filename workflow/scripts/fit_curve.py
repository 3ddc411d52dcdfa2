from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.space.registry import resolve_space
    from nasforge.surrogates.curves import CurveSources, CurveSpec, fit_curve
    from nasforge.surrogates.ensemble import Bagging
    from nasforge.surrogates.tuned import read_tuned

    tuned = snakemake.input.tuned
    fit_curve(
        resolve_space(snakemake.params.space),
        CurveSources(Path(snakemake.input.development), Path(snakemake.input.curves)),
        CurveSpec(**snakemake.params.curve),
        read_tuned(Path(tuned[0])) if tuned else snakemake.params.settings,
        Bagging(**snakemake.params.bagging),
        Path(snakemake.output.record),
    )
