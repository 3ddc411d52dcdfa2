"""
What all stages share: the checked config, and where results go.
"""

from pathlib import Path

from nasforge.config import check_config
from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.files import hold_folder
from snakemake.exceptions import WorkflowError

try:
    check_config(
        config,
        Path(
            workflow.current_basedir.join(
                "../schemas/config.schema.yaml"
            ).get_path_or_uri(secret_free=True)
        ),
    )
except ConfigError as error:
    raise WorkflowError(f"config: {error}") from None


pathvars:
    results=f"results/{config['name']}",
    export=f"<results>/export/{config['export']['name']}-v{config['export']['version']}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


FAMILIES = list(config["surrogates"]["families"])
TARGETS = config["surrogates"]["targets"]
EVALUATIONS_FROM = "evaluations" if "evaluations" in config else "campaign"


onstart:
    # Instead of Snakemake's lock (nolock in the profiles), which a killed run leaves behind.
    try:
        hold_folder(Path(f"results/{config['name']}"))
    except EvaluationsError as error:
        raise WorkflowError(str(error)) from None


wildcard_constraints:
    family="|".join(FAMILIES),
    target="|".join(TARGETS),


def model_files():
    """Every family's model of every target."""
    return expand(
        "<results>/fit/{family}/{target}.npz", family=FAMILIES, target=TARGETS
    )


def family_settings(wildcards):
    return config["surrogates"]["families"][wildcards.family]
