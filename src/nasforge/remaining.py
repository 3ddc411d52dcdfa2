"""Which trainings of a campaign are in the cache already.

    >>> dataset_id = known_dataset_id(config)
    >>> cached_trainings(config, finished(config), dataset_id)
    {'random': 24, 're_a': 8}

What a sampler proposes is a function of its seed and of the results that it is told. So it is made
again here, as the sample stage makes it, as far as the cache has those results; nothing is read of
an earlier run but the images' id, where it has prepared them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasforge.campaign import Campaign
from nasforge.errors import DatasetError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation, EvaluationKey
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.sampling import PastGeneration, SamplerSpec, choose_replicates, propose
from nasforge.space import DARTS
from nasforge.training.dataset import MANIFEST
from nasforge.training.sources import source_digests


def finished(config: Mapping[str, Any]) -> dict[str, Evaluation]:
    """Evaluations of a config's recipe that are in its cache and not tried again, by their id."""
    execution = config["execution"]
    recipe = Recipe.from_dict(config["training"]["recipe"])
    cache = EvaluationCache(Path(execution["cache_dir"]), "train", recipe.recipe_id)
    return {
        evaluation.evaluation_id: evaluation
        for evaluation in cache.evaluations()
        if evaluation.status != "failed" or evaluation.attempts >= execution["max_attempts"]
    }


def known_dataset_id(config: Mapping[str, Any]) -> str | None:
    """Id of a config's data set: of the images that its run has, else of its source's files.

    None where neither is there. Nothing is downloaded, and other configs' images are not looked at:
    the same options with another `execution.data_dir` are other images.
    """
    spec = DatasetSpec.from_dict(config["dataset"])
    # What stands here is trained on, wherever the source is by now.
    file = Path("results") / config["name"] / "images" / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if manifest["spec"] == spec.to_dict():
            return str(manifest["dataset_id"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: the prepare stage will say so
    data_dir = config["execution"]["data_dir"]
    try:
        digests = source_digests(spec, Path(data_dir) if data_dir else None, download=False)
    except (DatasetError, OSError, ImportError):  # a machine that plans need not be one that trains
        return None
    return spec.dataset_id(digests)


def cached_trainings(
    config: Mapping[str, Any], known: Mapping[str, Evaluation], dataset_id: str
) -> dict[str, int]:
    """How many of a campaign's trainings there are already, by sampler.

    Args:
        config: A checked config that trains.
        known: `finished` evaluations.
        dataset_id: Of its images.

    Returns:
        Of a sampler with feedback at least so many: proposals behind a generation that is not
        complete are not known, and none of theirs counts.
    """
    recipe_id = Recipe.from_dict(config["training"]["recipe"]).recipe_id
    samplers = Campaign.from_config(config).samplers
    counts = dict.fromkeys(samplers, 0)
    for name, sampler in samplers.items():
        past: list[PastGeneration] = []
        for generation in range(sampler.generations):
            proposals = propose(DARTS, sampler, generation, past)
            replicates = choose_replicates(proposals, **config["replicates"])
            first, others = (
                [known.get(_evaluation_id(p, recipe_id, dataset_id)) for p in batch]
                for batch in (proposals, replicates)
            )
            counts[name] += sum(evaluation is not None for evaluation in (*first, *others))
            if sampler.uses_feedback:
                if None in first:
                    break
                past.append(_past(sampler, proposals, first))
    return counts


def _evaluation_id(proposal: Proposal, recipe_id: str, dataset_id: str) -> str:
    architecture_id = DARTS.architecture_id(DARTS.parse(proposal.raw_architecture))
    return EvaluationKey(architecture_id, recipe_id, dataset_id, proposal.replicate).evaluation_id


def _past(
    sampler: SamplerSpec, proposals: list[Proposal], first: list[Evaluation | None]
) -> PastGeneration:
    results = {e.architecture_id: (e.val_accuracy, e.train_time_s) for e in first if e is not None}
    return PastGeneration(proposals, results)
