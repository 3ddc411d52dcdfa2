import json
from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.evaluations.collect import Shard, collect_generation
    from nasforge.evaluations.folder import TablePaths
    from nasforge.recipe import Recipe
    from nasforge.space.registry import resolve_space

    execution, training = (snakemake.config[key] for key in ("execution", "training"))
    recipe_id = Recipe.from_dict(snakemake.params.recipe).recipe_id
    files = zip(snakemake.input.evaluations, snakemake.input.curves, strict=True)
    collect_generation(
        resolve_space(snakemake.config["space"]),
        [Shard(Path(evaluations), Path(curves)) for evaluations, curves in files],
        Path(snakemake.input.proposals),
        TablePaths(*(Path(file) for file in snakemake.output)),
        recipe_id,
        json.loads(Path(snakemake.input.dataset).read_text(encoding="utf-8"))["dataset_id"],
        training["evaluator"],
    )
    EvaluationCache(Path(execution["cache_dir"]), training["evaluator"], recipe_id).compact()
