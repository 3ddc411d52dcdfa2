"""
What all stages share: the checked config, and where results go.
"""

import sys
from pathlib import Path

from nasforge.config import TREES, check_config
from nasforge.running_config import hold_ids
from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.files import hold_folder
from snakemake.exceptions import WorkflowError

try:
    NOTES = check_config(
        config,
        Path(
            workflow.current_basedir.join(
                "../schemas/config.schema.yaml"
            ).get_path_or_uri(secret_free=True)
        ),
    )
except ConfigError as error:
    raise WorkflowError(f"config: {error}") from None

# Jobs read the config anew. One that was edited meanwhile must not give them other ids.
try:
    hold_ids(config, workflow.is_main_process)
except ConfigError as error:
    raise WorkflowError(f"config: {error}") from None

if workflow.is_main_process:
    for note in NOTES:
        print(f"config: {note}", file=sys.stderr)


pathvars:
    results=f"results/{config['name']}",
    export=f"<results>/export/{config['export']['name']}-v{config['export']['version']}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


FAMILIES = list(config["surrogates"]["families"])
BLENDED = config["surrogates"]["blend"]["families"] or FAMILIES
SURROGATES = FAMILIES + ["blend"] * bool(config["surrogates"]["blend"]["parts"])
TARGETS = config["surrogates"]["targets"]
EVALUATIONS_FROM = "evaluations" if "evaluations" in config else "campaign"
EVALUATOR = config["training"]["evaluator"] if "training" in config else None


onstart:
    # Instead of Snakemake's lock (nolock in the profiles), which a killed run leaves behind.
    try:
        hold_folder(Path(f"results/{config['name']}"))
    except EvaluationsError as error:
        raise WorkflowError(str(error)) from None


wildcard_constraints:
    family="|".join(FAMILIES),
    target="|".join(TARGETS),


def by_attempt(amount):
    """A job that was killed for what it took gets more when it is submitted again."""
    return lambda wildcards, attempt: amount * attempt


# What jobs ask of a cluster, in megabytes and minutes; a run on one machine does not mind. Rules
# without these stay on the machine of the run. `--set-resources <rule>:<name>=<value>` changes one.
LIGHT = {"mem_mb": by_attempt(4000), "runtime": by_attempt(60)}
HEAVY = {"mem_mb": by_attempt(8000), "runtime": by_attempt(240)}
TRAINING = {
    "mem_mb": by_attempt(4000),
    "runtime": by_attempt(240),
    "gpu": int(config["execution"]["device"] != "cpu"),
}


def fitted(kind, names=SURROGATES, targets=TARGETS):
    """Files of the fit stage: kind is "json" (records), "parquet" (out-of-fold), "npz" (arrays)."""
    return expand(
        f"<results>/fit/{{surrogate}}/{{target}}.{kind}",
        surrogate=names,
        target=targets,
    )


TUNING = config["surrogates"]["tuning"]
# The mean has nothing to tune.
TUNED = [family for family in FAMILIES if TUNING["trials"] and family != "mean"]


def family_settings(wildcards):
    return config["surrogates"]["families"][wildcards.family]


def tuned_settings(family):
    """What tune_family found, where it is asked to."""
    return [f"<results>/tune/{family}.json"] if family in TUNED else []


CURVE = config["surrogates"]["curve"]


def curve_files():
    """The fitted learning curve, record first; none if there is no such model."""
    if not CURVE["components"]:
        return []
    arrays = expand("<results>/fit/curve/curve_{k}.npz", k=range(CURVE["components"]))
    return [
        "<results>/fit/curve/curve.json",
        "<results>/fit/curve/curve.npz",
        *arrays,
    ]
