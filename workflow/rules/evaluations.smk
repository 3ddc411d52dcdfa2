"""
Evaluations that are there already, instead of sampling and training: checked and merged.

In:   evaluations.path
Out:  collect/{evaluations,curves,proposals}.parquet
"""

from nasforge.evaluations.folder import find_tables
from nasforge.protocols import COLLECT_PROTOCOL

try:
    GIVEN = find_tables(Path(config["evaluations"]["path"]))
except EvaluationsError as error:
    raise WorkflowError(f"config: evaluations.path: {error}") from None


rule collect_evaluations:
    input:
        evaluations=[part.evaluations for part in GIVEN],
        curves=[part.curves for part in GIVEN],
        proposals=[part.proposals for part in GIVEN],
    output:
        evaluations="<results>/collect/evaluations.parquet",
        curves="<results>/collect/curves.parquet",
        proposals="<results>/collect/proposals.parquet",
    log:
        "<logs>/collect.log",
    resources:
        **HEAVY,
    params:
        protocol=COLLECT_PROTOCOL,
        space=config["space"],
    script:
        "../scripts/collect_evaluations.py"
