from pathlib import Path

from job import job, shard_of

with job(snakemake):
    import nasforge
    from nasforge.evaluations.cache import EvaluationCache
    from nasforge.evaluations.proposals import read_proposals
    from nasforge.evaluations.tables import write_curves, write_evaluations
    from nasforge.evaluators.shard import evaluate_shard
    from nasforge.evaluators.simulate import Simulator
    from nasforge.evaluators.source import read_source, source_provenance
    from nasforge.recipe import Recipe

    execution, training = (snakemake.config[key] for key in ("execution", "training"))
    recipe = Recipe.from_dict(snakemake.params.recipe)
    batch = "/".join(Path(snakemake.output.evaluations).parts[-3:-1])
    record = read_source(Path(snakemake.input.dataset))
    proposals = shard_of(snakemake, read_proposals(Path(snakemake.input.proposals)))
    settings = training["simulate"]
    bench = nasforge.load(settings["benchmark"], settings["surrogate"])
    evaluations = evaluate_shard(
        proposals,
        recipe,
        Simulator.of(bench, recipe, record),
        EvaluationCache(Path(execution["cache_dir"]), "simulate", recipe.recipe_id),
        execution["max_attempts"],
        f"{batch}/shard{snakemake.wildcards.shard}",
    )
    source = source_provenance(recipe, record)
    write_evaluations(Path(snakemake.output.evaluations), evaluations, source)
    write_curves(Path(snakemake.output.curves), evaluations, source)
