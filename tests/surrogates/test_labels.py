"""Labels: means over trainings, with every architecture on one side of the split."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.targets import TARGETS
from nasforge.errors import EvaluationsError, SurrogateError
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.surrogates.labels import Labels, Replicates, read_labels

VAL = TARGETS["val_accuracy"]


def both_parts(campaign, target=VAL) -> list[Labels]:
    return [read_labels(file, target) for file in (campaign.development, campaign.test)]


def everything(campaign, target=VAL) -> dict[str, tuple[float, int]]:
    """(value, seeds) by architecture_id, of both parts."""
    return {
        architecture_id: (value, seeds)
        for labels in both_parts(campaign, target)
        for architecture_id, value, seeds in zip(
            labels.architecture_ids, labels.values, labels.seeds, strict=True
        )
    }


@pytest.fixture
def replicated(campaign, make_training, genotypes: list[Genotype]):
    """20 architectures with accuracies .50, .51, ...; the first two have replicates."""
    trainings = [make_training(g, 0, 0.5 + i / 100, 10.0 + i) for i, g in enumerate(genotypes[:20])]
    trainings += [
        make_training(genotypes[0], 1, 0.6, 20.0),
        make_training(genotypes[0], 2, 0.7, 40.0),
        make_training(genotypes[1], 1, 0.53, 11.0),
        make_training(genotypes[2], 1, math.nan, math.nan, status="failed"),
        make_training(genotypes[3], 1, 0.1, 1.0, status="diverged"),
    ]
    campaign.write(trainings, [("a", genotype) for genotype in genotypes[:20]])
    return campaign


def test_a_label_is_the_mean_of_its_trainings(replicated, genotypes: list[Genotype]) -> None:
    replicated.split()
    labels = everything(replicated)
    assert len(labels) == 20
    value, seeds = labels[DARTS.architecture_id(genotypes[0])]
    assert (value, seeds) == (pytest.approx(0.6), 3)
    value, seeds = labels[DARTS.architecture_id(genotypes[1])]
    assert (value, seeds) == (pytest.approx(0.52), 2)


def test_times_are_averaged_on_the_log_scale(replicated, genotypes: list[Genotype]) -> None:
    replicated.split()
    value, _ = everything(replicated, TARGETS["train_time_s"])[DARTS.architecture_id(genotypes[0])]
    assert value == pytest.approx(np.log([10.0, 20.0, 40.0]).mean())


@pytest.mark.parametrize("unknown", [math.nan, 0.0])
def test_a_target_that_some_evaluation_does_not_know_is_refused(
    campaign, make_training, genotypes: list[Genotype], unknown: float
) -> None:
    trainings = [make_training(g, 0, 0.5, 10.0) for g in genotypes[:19]]
    trainings.append(make_training(genotypes[19], 0, 0.5, unknown))
    campaign.write(trainings, [("a", genotype) for genotype in genotypes[:20]])
    campaign.split()
    assert len(everything(campaign)) == 20
    with pytest.raises(SurrogateError, match=r"train_time_s is unknown for 1 of \d+ evaluations"):
        everything(campaign, TARGETS["train_time_s"])


def test_times_are_those_of_the_machine_of_most_trainings(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [
        make_training(g, 0, 0.5, 10.0 if i < 20 else 30.0, cpu="fast" if i < 20 else "slow")
        for i, g in enumerate(genotypes[:30])
    ]
    campaign.write(trainings, [("a", genotype) for genotype in genotypes[:30]])
    campaign.split()
    [fast, slow] = json.loads(campaign.machines.read_text())
    assert (fast["name"], fast["factor"]) == ("cpu, fast, torch, fp32", 1.0)
    assert slow["name"] == "cpu, slow, torch, fp32"
    assert slow["factor"] == pytest.approx(1 / 3, rel=0.1)
    for value, seeds in everything(campaign, TARGETS["train_time_s"]).values():
        assert (np.exp(value), seeds) == (pytest.approx(10.0, rel=0.1), 1)
    development = pd.read_parquet(campaign.development)
    assert fast["trainings"] + slow["trainings"] == len(development)


def test_times_of_a_machine_that_only_tested_are_unknown(
    campaign, make_training, genotypes: list[Genotype], caplog: pytest.LogCaptureFixture
) -> None:
    trainings = [
        make_training(g, 0, 0.5, 10.0, cpu="fast" if i < 25 else "other")
        for i, g in enumerate(genotypes[:30])
    ]
    proposals = [("a" if i < 25 else "fresh", g) for i, g in enumerate(genotypes[:30])]
    campaign.write(trainings, proposals)
    campaign.split(test_samplers=["fresh"])
    assert "train_time_s of 5 evaluations is left out" in caplog.text
    assert len(read_labels(campaign.test, VAL)) == 5
    with pytest.raises(SurrogateError, match="train_time_s is unknown for 5 of 5"):
        read_labels(campaign.test, TARGETS["train_time_s"])


def test_failed_and_diverged_trainings_are_no_labels(replicated, genotypes: list[Genotype]) -> None:
    replicated.split()
    labels = everything(replicated)
    assert labels[DARTS.architecture_id(genotypes[2])] == (pytest.approx(0.52), 1)
    assert labels[DARTS.architecture_id(genotypes[3])] == (pytest.approx(0.53), 1)


def test_an_architecture_without_a_good_training_is_in_neither_part(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(genotype, 0, 0.5) for genotype in genotypes[:20]]
    trainings[7] = make_training(genotypes[7], 0, math.nan, status="diverged")
    campaign.write(trainings, [("a", genotype) for genotype in genotypes[:20]])
    campaign.split()
    assert len(everything(campaign)) == 19
    assert DARTS.architecture_id(genotypes[7]) not in everything(campaign)


def test_replicates_have_their_sample_variance(replicated) -> None:
    replicated.split()
    replicates = [labels.replicates for labels in both_parts(replicated)]
    found = sorted(
        (float(variance), int(count))
        for part in replicates
        for variance, count in zip(part.variances, part.counts, strict=True)
    )
    expected = [(np.var([0.51, 0.53], ddof=1), 2), (np.var([0.5, 0.6, 0.7], ddof=1), 3)]
    assert found == [(pytest.approx(variance), count) for variance, count in expected]


def test_replicates_are_in_the_order_of_the_labels(finished_campaign) -> None:
    labels = read_labels(finished_campaign.development, VAL)
    assert labels.replicates.counts.tolist() == labels.seeds[labels.seeds > 1].tolist()
    rows = pd.read_parquet(finished_campaign.development)
    variances = [
        rows.loc[rows["architecture_id"] == architecture_id, "val_accuracy"].var(ddof=1)
        for architecture_id, seeds in zip(labels.architecture_ids, labels.seeds, strict=True)
        if seeds > 1
    ]
    np.testing.assert_allclose(labels.replicates.variances, variances)


def test_all_trainings_of_an_architecture_are_on_one_side(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(g, r, 0.5 + r / 10) for g in genotypes for r in range(3)]
    # Every architecture was proposed by two samplers, in opposite orders.
    proposals = [("a", g) for g in genotypes] + [("b", g) for g in reversed(genotypes)]
    campaign.write(trainings, proposals)
    campaign.split(0.3)
    development, test = both_parts(campaign)
    assert not set(development.architecture_ids) & set(test.architecture_ids)
    assert (len(development), len(test)) == (28, 12)
    assert set(development.seeds) == set(test.seeds) == {3}


def test_a_stratum_is_the_sampler_that_proposed_first(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    campaign.write(
        [make_training(genotype, 0, 0.5) for genotype in genotypes],
        [
            *(("b", genotype) for genotype in genotypes[:15]),
            *(("a", genotype) for genotype in genotypes),
        ],
    )
    campaign.split(0.2)
    development, test = both_parts(campaign)
    stratum = dict(
        zip(
            [*development.architecture_ids, *test.architecture_ids],
            [*development.strata, *test.strata],
            strict=True,
        )
    )
    for i, genotype in enumerate(genotypes):
        assert stratum[DARTS.architecture_id(genotype)] == ("b" if i < 15 else "a")
    assert sorted(test.strata) == ["a"] * 5 + ["b"] * 3


def test_labels_keep_canonical_texts_beside_ids(finished_campaign) -> None:
    labels = read_labels(finished_campaign.development, VAL)
    for text, architecture_id in zip(labels.architectures, labels.architecture_ids, strict=True):
        architecture = DARTS.parse(text)
        assert DARTS.canonical(architecture) == architecture
        assert DARTS.architecture_id(architecture) == architecture_id


@pytest.mark.parametrize(("number", "test_fraction"), [(11, 0.2), (12, 0.25), (1, 0.5), (10, 0.05)])
def test_too_few_architectures_for_a_part_are_refused(
    campaign, make_training, genotypes: list[Genotype], number: int, test_fraction: float
) -> None:
    few = genotypes[:number]
    campaign.write([make_training(g, 0, 0.5) for g in few], [("a", g) for g in few])
    with pytest.raises(SurrogateError, match=rf"^{number} evaluated .*evaluate more, or see why"):
        campaign.split(test_fraction)
    assert not campaign.development.exists()


def test_the_fewest_architectures_allowed_are_split(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    few = genotypes[:12]
    campaign.write([make_training(g, 0, 0.5) for g in few], [("a", g) for g in few])
    campaign.split(0.2)
    assert [len(labels) for labels in both_parts(campaign)] == [10, 2]


def test_a_table_of_another_kind_is_refused(replicated, tmp_path: Path) -> None:
    (tmp_path / "evaluations.parquet").write_bytes((tmp_path / "proposals.parquet").read_bytes())
    with pytest.raises(EvaluationsError, match="expected evaluations"):
        replicated.split()


def test_the_pooled_variance_weighs_by_degrees_of_freedom() -> None:
    replicates = Replicates(np.array([1.0, 4.0]), np.array([2, 5]))
    assert replicates.pooled_variance() == pytest.approx((1 * 1.0 + 4 * 4.0) / 5)
    assert len(replicates) == 2


def test_without_replicates_the_pooled_variance_is_unknown() -> None:
    nothing = Replicates(np.empty(0), np.empty(0, np.int64))
    assert math.isnan(nothing.pooled_variance())
    assert math.isnan(nothing.resampled(np.random.default_rng(0)).pooled_variance())


def test_resampling_draws_whole_architectures() -> None:
    replicates = Replicates(np.arange(20.0), np.arange(2, 22))
    sample = replicates.resampled(np.random.default_rng(0))
    assert len(sample) == 20
    assert len(set(sample.variances)) < 20
    np.testing.assert_array_equal(sample.counts, sample.variances + 2)


def test_architectures_of_a_set_aside_sampler_are_in_no_part(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(genotype, 0, 0.5) for genotype in genotypes]
    proposals = [("a" if i < 30 else "probe", genotype) for i, genotype in enumerate(genotypes)]
    # The last one was proposed by both.
    campaign.write(trainings, [*proposals, ("a", genotypes[-1])])
    campaign.split(set_aside=["probe"])
    ids = [set(labels.architecture_ids) for labels in both_parts(campaign)]
    aside = read_labels(campaign.set_aside, VAL)
    assert set(aside.strata) == {"probe"}
    assert set(aside.architecture_ids) == {DARTS.architecture_id(g) for g in genotypes[30:]}
    assert not set(aside.architecture_ids) & (ids[0] | ids[1])
    assert len(ids[0] | ids[1]) == 30


def test_the_test_part_is_what_test_samplers_proposed(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(genotype, 0, 0.5) for genotype in genotypes]
    proposals = [("a" if i < 30 else "fresh", genotype) for i, genotype in enumerate(genotypes)]
    campaign.write(trainings, [*proposals, ("a", genotypes[-1])])
    campaign.split(test_samplers=["fresh"])
    development, test = both_parts(campaign)
    assert set(test.strata) == {"fresh"}
    assert set(test.architecture_ids) == {DARTS.architecture_id(g) for g in genotypes[30:]}
    assert set(development.architecture_ids) == {DARTS.architecture_id(g) for g in genotypes[:30]}


def test_what_is_learnt_from_does_not_depend_on_whether_the_test_part_is_there(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(genotype, 0, 0.5) for genotype in genotypes]
    campaign.write(trainings[:30], [("a", genotype) for genotype in genotypes[:30]])
    campaign.split(test_samplers=["fresh"])
    assert len(pd.read_parquet(campaign.test)) == 0
    before = campaign.development.read_bytes()
    proposals = [("a" if i < 30 else "fresh", genotype) for i, genotype in enumerate(genotypes)]
    campaign.write(trainings, proposals)
    campaign.split(test_samplers=["fresh"])
    assert len(pd.read_parquet(campaign.test)) == len(genotypes) - 30
    assert campaign.development.read_bytes() == before


def test_the_first_training_is_that_of_the_lowest_replicate(
    campaign, make_training, genotypes: list[Genotype]
) -> None:
    trainings = [make_training(g, k, 0.5 + 0.1 * k) for g in genotypes[:20] for k in (2, 1, 0)]
    campaign.write(trainings, [("a", genotype) for genotype in genotypes[:20]])
    campaign.split()
    for labels in both_parts(campaign):
        np.testing.assert_allclose(labels.first, 0.5)
        np.testing.assert_allclose(labels.values, 0.6)
        some = labels.at(np.array([1, 0]))
        assert some.architecture_ids == labels.architecture_ids[1::-1]
        assert len(some) == 2


def test_without_set_aside_samplers_that_part_is_empty(replicated) -> None:
    replicated.split()
    assert len(pd.read_parquet(replicated.set_aside)) == 0
