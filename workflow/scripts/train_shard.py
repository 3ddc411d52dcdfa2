from pathlib import Path

from job import job, shard_of

with job(snakemake):
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.evaluations.proposals import read_proposals
    from nasforge.evaluations.tables import write_curves, write_evaluations
    from nasforge.recipe import DatasetSpec, Recipe
    from nasforge.training.dataset import ImageSet
    from nasforge.training.shard import provenance, train_shard

    execution = snakemake.config["execution"]
    recipe = Recipe.from_dict(snakemake.params.recipe)
    images_folder = Path(snakemake.input.dataset).parent
    batch = "/".join(Path(snakemake.output.evaluations).parts[-3:-1])
    evaluations = train_shard(
        shard_of(snakemake, read_proposals(Path(snakemake.input.proposals))),
        recipe,
        ImageSet.open(images_folder, DatasetSpec.from_dict(snakemake.config["dataset"])),
        EvaluationCache(Path(execution["cache_dir"]), "train", recipe.recipe_id),
        device=execution["device"],
        backend=execution["backend"],
        max_attempts=execution["max_attempts"],
        label=f"{batch}/shard{snakemake.wildcards.shard}",
    )
    source = provenance(recipe, images_folder)
    write_evaluations(Path(snakemake.output.evaluations), evaluations, source)
    write_curves(Path(snakemake.output.curves), evaluations, source)
