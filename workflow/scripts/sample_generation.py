from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.proposals import read_proposals, write_proposals
    from nasforge.evaluations.results import replicate_zero_results
    from nasforge.sampling import PastGeneration, SamplerSpec, propose
    from nasforge.space import DARTS

    generation = int(snakemake.wildcards.generation)
    results = replicate_zero_results(map(Path, snakemake.input.evaluations))
    past = [
        PastGeneration(read_proposals(Path(file)), results) for file in snakemake.input.proposals
    ]
    sampler = SamplerSpec(**snakemake.params.sampler, generations=generation + 1)
    write_proposals(Path(snakemake.output.proposals), propose(DARTS, sampler, generation, past))
