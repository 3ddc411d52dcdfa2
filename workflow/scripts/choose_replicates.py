from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.evaluations.proposals import read_proposals, write_proposals
    from nasforge.sampling import choose_replicates

    proposals = read_proposals(Path(snakemake.input.proposals))
    replicates = choose_replicates(proposals, **snakemake.params.replicates)
    write_proposals(Path(snakemake.output.proposals), replicates)
