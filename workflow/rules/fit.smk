"""
Fitting: split, fit every family, select out-of-fold, and only then score on the test part.

In:   collect/
Out:  split/{development,test}.parquet, fit/<family>/<target>.{npz,parquet}, select/, score/
The test part is the input of `score_test` alone, which also needs the finished selection.
"""

from nasforge.protocols import (
    FIT_PROTOCOL,
    SELECT_PROTOCOL,
    SPLIT_PROTOCOL,
    TEST_PROTOCOL,
)


rule split_parts:
    input:
        evaluations="<results>/collect/evaluations.parquet",
        proposals="<results>/collect/proposals.parquet",
    output:
        development="<results>/split/development.parquet",
        test="<results>/split/test.parquet",
    log:
        "<logs>/split.log",
    params:
        protocol=SPLIT_PROTOCOL,
        split=config["split"],
    script:
        "../scripts/split_parts.py"


rule fit_family:
    input:
        development="<results>/split/development.parquet",
    output:
        model="<results>/fit/{family}/{target}.npz",
        predictions="<results>/fit/{family}/{target}.parquet",
    log:
        "<logs>/fit/{family}/{target}.log",
    benchmark:
        "<benchmarks>/fit/{family}/{target}.tsv"
    threads: 1
    params:
        protocol=FIT_PROTOCOL,
        space=config["space"],
        settings=family_settings,
        bagging={key: config["surrogates"][key] for key in ("folds", "repeats", "seed")},
    script:
        "../scripts/fit_family.py"


rule select_surrogate:
    input:
        development="<results>/split/development.parquet",
        predictions=expand(
            "<results>/fit/{family}/{target}.parquet", family=FAMILIES, target=TARGETS
        ),
    output:
        scores="<results>/select/scores.parquet",
        selection="<results>/select/selection.json",
    log:
        "<logs>/select.log",
    params:
        protocol=SELECT_PROTOCOL,
        families=FAMILIES,
        targets=TARGETS,
    script:
        "../scripts/select_surrogate.py"


rule score_test:
    input:
        selection="<results>/select/selection.json",
        development="<results>/split/development.parquet",
        test="<results>/split/test.parquet",
        models=model_files(),
    output:
        scores="<results>/score/test_scores.parquet",
        predictions="<results>/score/test_predictions.parquet",
    log:
        "<logs>/score_test.log",
    params:
        protocol=TEST_PROTOCOL,
        space=config["space"],
        families=FAMILIES,
        targets=TARGETS,
    script:
        "../scripts/score_test.py"
