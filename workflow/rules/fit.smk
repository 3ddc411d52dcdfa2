"""
Fitting: split, tune and fit every family, blend, select out-of-fold, and only then score on the
test part.

In:   collect/
Out:  split/{development,test,set_aside}.parquet, split/machines.json, tune/,
      fit/<family>/<target>.{json,npz,parquet},
      fit/blend/<target>.{json,parquet}, select/, score/
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
        set_aside="<results>/split/set_aside.parquet",
        machines="<results>/split/machines.json",
    log:
        "<logs>/split.log",
    resources:
        **HEAVY,
    params:
        protocol=SPLIT_PROTOCOL,
        space=config["space"],
        split=config["split"],
    script:
        "../scripts/split_parts.py"


rule tune_family:
    input:
        development="<results>/split/development.parquet",
    output:
        result="<results>/tune/{family}.json",
        study="<results>/tune/{family}.journal",
    log:
        "<logs>/tune/{family}.log",
    benchmark:
        "<benchmarks>/tune/{family}.tsv"
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=FIT_PROTOCOL,
        space=config["space"],
        settings=family_settings,
        tuning={**TUNING, "folds": config["surrogates"]["folds"]},
    script:
        "../scripts/tune_family.py"


rule gather_tuned:
    input:
        results=expand("<results>/tune/{family}.json", family=TUNED),
    output:
        tuned="<results>/tune/tuned.json",
    log:
        "<logs>/tune/gather.log",
    localrule: True
    params:
        protocol=FIT_PROTOCOL,
    script:
        "../scripts/gather_tuned.py"


rule fit_family:
    input:
        development="<results>/split/development.parquet",
        tuned=lambda wildcards: tuned_settings(wildcards.family),
    output:
        record="<results>/fit/{family}/{target}.json",
        arrays="<results>/fit/{family}/{target}.npz",
        predictions="<results>/fit/{family}/{target}.parquet",
    log:
        "<logs>/fit/{family}/{target}.log",
    benchmark:
        "<benchmarks>/fit/{family}/{target}.tsv"
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=FIT_PROTOCOL,
        space=config["space"],
        settings=family_settings,
        bagging={key: config["surrogates"][key] for key in ("folds", "repeats", "seed")},
    script:
        "../scripts/fit_family.py"


rule fit_blend:
    input:
        development="<results>/split/development.parquet",
        predictions=expand("<results>/fit/{family}/{{target}}.parquet", family=BLENDED),
    output:
        record="<results>/fit/blend/{target}.json",
        predictions="<results>/fit/blend/{target}.parquet",
    log:
        "<logs>/fit/blend/{target}.log",
    localrule: True
    params:
        protocol=FIT_PROTOCOL,
        families=BLENDED,
        parts=config["surrogates"]["blend"]["parts"],
        seed=config["surrogates"]["seed"],
    script:
        "../scripts/fit_blend.py"


rule fit_curve:
    input:
        development="<results>/split/development.parquet",
        curves="<results>/collect/curves.parquet",
        tuned=tuned_settings(CURVE["family"]),
    output:
        record="<results>/fit/curve/curve.json",
        basis="<results>/fit/curve/curve.npz",
        arrays=expand("<results>/fit/curve/curve_{k}.npz", k=range(CURVE["components"])),
    log:
        "<logs>/fit/curve.log",
    threads: 1
    resources:
        **HEAVY,
    params:
        protocol=FIT_PROTOCOL,
        space=config["space"],
        curve=CURVE,
        settings=config["surrogates"]["families"].get(CURVE["family"], {}),
        bagging={key: config["surrogates"][key] for key in ("folds", "repeats", "seed")},
    script:
        "../scripts/fit_curve.py"


rule select_surrogate:
    input:
        development="<results>/split/development.parquet",
        records=fitted("json"),
        predictions=fitted("parquet"),
        arrays=fitted("npz", FAMILIES, ["val_accuracy"]),
    output:
        scores="<results>/select/scores.parquet",
        candidates="<results>/select/candidates.csv",
        selection="<results>/select/selection.json",
    log:
        "<logs>/select.log",
    resources:
        **HEAVY,
    params:
        protocol=SELECT_PROTOCOL,
        space=config["space"],
        surrogates=SURROGATES,
        targets=TARGETS,
        query_budget_us=config["surrogates"]["query_budget_us"],
        exported=config["export"]["surrogates"],
    script:
        "../scripts/select_surrogate.py"


rule score_test:
    input:
        selection="<results>/select/selection.json",
        development="<results>/split/development.parquet",
        test="<results>/split/test.parquet",
        records=fitted("json"),
        arrays=fitted("npz", FAMILIES),
        curve=curve_files(),
        curves=["<results>/collect/curves.parquet"] if CURVE["components"] else [],
    output:
        scores="<results>/score/test_scores.parquet",
        predictions="<results>/score/test_predictions.parquet",
    log:
        "<logs>/score_test.log",
    resources:
        **HEAVY,
    params:
        protocol=TEST_PROTOCOL,
        space=config["space"],
        surrogates=SURROGATES,
        targets=TARGETS,
    script:
        "../scripts/score_test.py"
