"""What gives a proposal its outcome: a training, a simulation, or a table; and the loop over them.

    >>> from nasforge.evaluators.shard import evaluate_shard

The trainer itself is in `nasforge.training`, because it needs torch, and nothing here does.
"""
