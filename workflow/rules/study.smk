"""
Studies: experiments on the evaluations and surrogates at hand. Not part of the target `all`:
`snakemake --cores all studies`.

In:   split/, fit/, select/, collect/
Out:  studies/, page/
Search.smk has those of optimizers.
"""

from nasforge.protocols import STUDY_PROTOCOL

STUDIES = config["studies"]
SET_ASIDE = config["split"]["set_aside"]


rule hold_out:
    input:
        development="<results>/split/development.parquet",
        proposals="<results>/collect/proposals.parquet",
        record="<results>/fit/{family}/val_accuracy.json",
    output:
        predictions="<results>/studies/generalization/{family}.parquet",
    log:
        "<logs>/studies/hold_out_{family}.log",
    benchmark:
        "<benchmarks>/studies/hold_out_{family}.tsv"
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        study=STUDIES["generalization"],
    script:
        "../scripts/hold_out.py"


rule score_generalization:
    input:
        development="<results>/split/development.parquet",
        proposals="<results>/collect/proposals.parquet",
        predictions=expand(
            "<results>/studies/generalization/{family}.parquet", family=FAMILIES
        ),
    output:
        scores="<results>/studies/generalization.parquet",
        figure=report(
            "<results>/studies/generalization.png",
            category="Studies",
            caption="../report/generalization.rst",
        ),
        finding="<results>/studies/generalization.txt",
    log:
        "<logs>/studies/generalization.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        families=FAMILIES,
    script:
        "../scripts/score_generalization.py"


rule compare_with_table:
    input:
        development="<results>/split/development.parquet",
        proposals="<results>/collect/proposals.parquet",
        predictions=rules.score_generalization.input.predictions,
    output:
        scores="<results>/studies/table.parquet",
        equal_error="<results>/studies/table_equal_error.parquet",
        figure=report(
            "<results>/studies/table.png",
            category="Studies",
            caption="../report/table.rst",
        ),
        finding="<results>/studies/table.txt",
    log:
        "<logs>/studies/table.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        families=FAMILIES,
    script:
        "../scripts/compare_with_table.py"


rule score_set_aside:
    input:
        set_aside="<results>/split/set_aside.parquet",
        development="<results>/split/development.parquet",
        selection="<results>/select/selection.json",
        records=fitted("json", targets=["val_accuracy"]),
        arrays=fitted("npz", FAMILIES, ["val_accuracy"]),
    output:
        predictions="<results>/studies/set_aside_predictions.parquet",
        scores="<results>/studies/set_aside.parquet",
        figure=report(
            "<results>/studies/parameter_free.png",
            category="Studies",
            caption="../report/set_aside.rst",
        ),
        finding="<results>/studies/set_aside.txt",
    log:
        "<logs>/studies/set_aside.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        space=config["space"],
        surrogates=SURROGATES,
    script:
        "../scripts/score_set_aside.py"


include: "search.smk"


# The sections of the results page: heading, figure, finding.
PAGE_STUDIES = [
    ("Predicted against true", "<results>/report/predicted_against_true.png", ""),
    ("Calibration", "<results>/report/calibration.png", ""),
    *(
        (title, study.output.figure, study.output.finding)
        for title, study in [
            ("Generalization", rules.score_generalization),
            *(
                [("Parameter-free operations", rules.score_set_aside)]
                if SET_ASIDE
                else []
            ),
            ("Surrogate against table", rules.compare_with_table),
            *(
                [("True and surrogate trajectories", rules.compare_trajectories)]
                if RUNS_ON
                else []
            ),
            ("Long runs", rules.compare_long_runs),
            *(
                [("Exploitation", rules.score_exploited)]
                if EXPLOITED_IS_TRAINED
                else []
            ),
            ("Coverage", rules.study_coverage),
            ("Random draws", rules.compare_with_draws),
        ]
    ),
]


rule write_results:
    input:
        manifest="<export>/manifest.json",
        scores="<results>/select/scores.parquet",
        candidates="<results>/select/candidates.csv",
        test_scores="<results>/score/test_scores.parquet",
        generalization=rules.score_generalization.output.scores,
        set_aside=rules.score_set_aside.output.scores if SET_ASIDE else [],
        figures=[figure for _, figure, _ in PAGE_STUDIES],
        findings=[finding for _, _, finding in PAGE_STUDIES if finding],
    output:
        page="<results>/page/results.md",
        figures=[
            f"<results>/page/figures/{Path(str(figure)).name}"
            for _, figure, _ in PAGE_STUDIES
        ],
    log:
        "<logs>/studies/results.log",
    localrule: True
    params:
        protocol=STUDY_PROTOCOL,
        titles=[(title, bool(finding)) for title, _, finding in PAGE_STUDIES],
    script:
        "../scripts/write_results.py"


rule studies:
    input:
        rules.write_results.output,
        rules.score_generalization.output,
        rules.compare_with_table.output,
        rules.score_set_aside.output if SET_ASIDE else [],
        rules.compare_trajectories.output if RUNS_ON else [],
        rules.compare_long_runs.output,
        rules.choose_exploited.output,
        (rules.score_exploited.output if EXPLOITED_IS_TRAINED else []),
        rules.study_coverage.output,
        rules.compare_with_draws.output,
