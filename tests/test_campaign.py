"""The fixed shape of a campaign."""

import pytest

from nasforge.campaign import Campaign


def campaign(fraction: float = 0.25, shard_size: int = 3) -> Campaign:
    entry = {"optimizer": "random", "seed": 1, "generation_size": 8, "settings": {}}
    return Campaign.from_config(
        {
            "samplers": [
                {"name": "a", "generations": 2, **entry},
                {"name": "b", "generations": 1, **entry},
            ],
            "replicates": {"fraction": fraction, "seeds": 3},
            "training": {"shard_size": shard_size},
        }
    )


def test_every_generation_has_a_batch_and_one_of_replicates() -> None:
    assert campaign().batches("a") == ["gen0", "gen1", "gen0-replicates", "gen1-replicates"]
    assert campaign().batch_size("a", "gen1") == 8
    assert campaign().batch_size("a", "gen1-replicates") == 2 * (3 - 1)


def test_batches_of_replicates_that_would_be_empty_do_not_exist() -> None:
    assert campaign(fraction=0.05).batches("a") == ["gen0", "gen1"]


@pytest.mark.parametrize(("shard_size", "shards"), [(1, 8), (3, 3), (8, 1), (100, 1)])
def test_shards_cover_a_batch(shard_size: int, shards: int) -> None:
    assert list(campaign(shard_size=shard_size).shards("a", "gen0")) == list(range(shards))


def test_totals_are_sums_over_samplers_and_batches() -> None:
    assert campaign().trainings("a") == 2 * (8 + 4)
    assert campaign().trainings() == 3 * (8 + 4)
    assert campaign().train_jobs() == 3 * (3 + 2)
