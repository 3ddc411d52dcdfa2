"""
Sampling: every sampler's generations, and the replicates drawn from them.

In:   evaluations of a sampler's earlier generations (samplers with feedback only)
Out:  sample/<sampler>/gen<k>.csv, sample/<sampler>/gen<k>-replicates.csv
"""

from nasforge.protocols import SAMPLE_PROTOCOL


rule sample_generation:
    input:
        proposals=earlier_proposals,
        evaluations=earlier_evaluations,
    output:
        proposals="<results>/sample/{sampler}/gen{generation}.csv",
    log:
        "<logs>/sample/{sampler}/gen{generation}.log",
    localrule: True
    params:
        protocol=SAMPLE_PROTOCOL,
        sampler=sampler_entry,
    script:
        "../scripts/sample_generation.py"


rule choose_replicates:
    input:
        proposals="<results>/sample/{sampler}/gen{generation}.csv",
    output:
        proposals="<results>/sample/{sampler}/gen{generation}-replicates.csv",
    log:
        "<logs>/sample/{sampler}/gen{generation}-replicates.log",
    localrule: True
    params:
        protocol=SAMPLE_PROTOCOL,
        replicates=config["replicates"],
    script:
        "../scripts/choose_replicates.py"
