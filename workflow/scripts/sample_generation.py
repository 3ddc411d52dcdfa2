from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.proposals import read_proposals, write_proposals
    from nasforge.evaluations.results import replicate_zero_results
    from nasforge.sampling import PastGeneration, SamplerSpec, propose
    from nasforge.space.registry import resolve_space

    generation = int(snakemake.wildcards.generation)
    results = replicate_zero_results(map(Path, snakemake.input.evaluations))
    past = [
        PastGeneration(read_proposals(Path(file)), results) for file in snakemake.input.proposals
    ]
    sampler = SamplerSpec(**snakemake.params.sampler, generations=generation + 1)
    space = resolve_space(snakemake.config["space"])
    write_proposals(Path(snakemake.output.proposals), propose(space, sampler, generation, past))
