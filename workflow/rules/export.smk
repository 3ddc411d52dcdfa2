"""
Exporting: the scored models become a frozen benchmark.

In:   split/, fit/, select/, score/, collect/
Out:  export/<name>-v<version>/
"""

from nasforge.protocols import EXPORT_PROTOCOL

# Families whose arrays are surely exported; what else there is (those of best_tree, a blend's parts)
# is known only once it is fitted, and is vouched for by the manifest alone.
EXPORTED = FAMILIES
if config["export"]["surrogates"] is not None:
    EXPORTED = [f for f in FAMILIES if f in config["export"]["surrogates"].values()]


rule export_benchmark:
    input:
        records=fitted("json"),
        models=fitted("npz", FAMILIES),
        curve=curve_files(),
        selection="<results>/select/selection.json",
        test_scores="<results>/score/test_scores.parquet",
        test_predictions="<results>/score/test_predictions.parquet",
        evaluations="<results>/collect/evaluations.parquet",
        proposals="<results>/collect/proposals.parquet",
        development="<results>/split/development.parquet",
        machines="<results>/split/machines.json",
    output:
        manifest="<export>/manifest.json",
        card="<export>/CARD.md",
        selftest="<export>/selftest.npz",
        support="<export>/support.npz",
        arrays=expand("<export>/{family}.{target}.npz", family=EXPORTED, target=TARGETS),
        curve=expand(
            "<export>/curve.{k}.npz",
            k=[*range(CURVE["components"]), *["basis"] * bool(CURVE["components"])],
        ),
    log:
        "<logs>/export.log",
    resources:
        **HEAVY,
    params:
        protocol=EXPORT_PROTOCOL,
        space=config["space"],
        export={
            key: config["export"][key]
            for key in ("name", "version", "description", "licence")
        },
        surrogates=SURROGATES,
        targets=TARGETS,
    script:
        "../scripts/export_benchmark.py"
