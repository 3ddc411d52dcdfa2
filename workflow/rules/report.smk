"""
Reporting: figures, tables and the explorer, marked for `snakemake --report`.

In:   collect/, select/, score/, export/
Out:  report/*.png, report/scores.csv, report/explorer.html
"""

from nasforge.protocols import REPORT_PROTOCOL


rule plot_figures:
    input:
        evaluations="<results>/collect/evaluations.parquet",
        curves="<results>/collect/curves.parquet",
        proposals="<results>/collect/proposals.parquet",
        selection="<results>/select/selection.json",
        predictions="<results>/score/test_predictions.parquet",
        scores="<results>/score/test_scores.parquet",
    output:
        accuracy_by_sampler=report(
            "<results>/report/accuracy_by_sampler.png",
            category="Campaign",
            caption="../report/accuracy_by_sampler.rst",
        ),
        best_so_far=report(
            "<results>/report/best_so_far.png",
            category="Campaign",
            caption="../report/best_so_far.rst",
        ),
        learning_curves=report(
            "<results>/report/learning_curves.png",
            category="Campaign",
            caption="../report/learning_curves.rst",
        ),
        predicted_against_true=report(
            "<results>/report/predicted_against_true.png",
            category="Surrogate",
            caption="../report/predicted_against_true.rst",
        ),
        calibration=report(
            "<results>/report/calibration.png",
            category="Surrogate",
            caption="../report/calibration.rst",
        ),
    log:
        "<logs>/plot_figures.log",
    resources:
        **LIGHT,
    params:
        protocol=REPORT_PROTOCOL,
    script:
        "../scripts/plot_figures.py"


rule tabulate_scores:
    input:
        out_of_fold="<results>/select/scores.parquet",
        test="<results>/score/test_scores.parquet",
    output:
        scores=report(
            "<results>/report/scores.csv",
            category="Surrogate",
            caption="../report/scores.rst",
        ),
    log:
        "<logs>/tabulate_scores.log",
    resources:
        **LIGHT,
    params:
        protocol=REPORT_PROTOCOL,
    script:
        "../scripts/tabulate_scores.py"


# The page draws cells of darts alone.
if config["space"] == "darts":

    rule write_explorer:
        input:
            evaluations="<results>/collect/evaluations.parquet",
            curves="<results>/collect/curves.parquet",
            proposals="<results>/collect/proposals.parquet",
            manifest="<export>/manifest.json",
            support="<export>/support.npz",
            arrays=rules.export_benchmark.output.arrays,
            curve=rules.export_benchmark.output.curve,
        output:
            page=report(
                "<results>/report/explorer.html",
                category="Explorer",
                caption="../report/explorer.rst",
            ),
        log:
            "<logs>/write_explorer.log",
        resources:
            **LIGHT,
        params:
            protocol=REPORT_PROTOCOL,
        script:
            "../scripts/write_explorer.py"
