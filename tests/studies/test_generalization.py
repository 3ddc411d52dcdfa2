"""Holding out: who is left out, what is predicted, and how it is scored."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import PROPOSALS, Provenance, write_table
from nasforge.space import DARTS
from nasforge.studies.generalization import GeneralizationSources, finding, score_generalization
from nasforge.studies.holding_out import (
    FOLDS,
    HoldOutSources,
    hold_out,
    left_out_splits,
    proposed_groups,
    seen_split,
    size_splits,
)
from nasforge.surrogates import scores
from nasforge.surrogates.labels import Labels, read_labels

N = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development part whose labels are linear in the features, proposals and a record."""
    import pyarrow as pa

    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(90)]
    genotypes += [DARTS.mutate(genotype, rng) for genotype in genotypes[:30]]
    features = DARTS.encode(genotypes, "one_hot")
    accuracy = 0.6 + features @ rng.normal(0.0, 0.02, features.shape[1])
    samplers = ["random"] * 60 + ["re_a"] * 30 + ["re_b"] * 30
    rows = [
        {
            "architecture": DARTS.format(DARTS.canonical(genotype)),
            "architecture_id": DARTS.architecture_id(genotype),
            "stratum": sampler,
            "replicate": replicate,
            **dict.fromkeys(TARGETS, 10.0),
            "val_accuracy": value + rng.normal(0.0, 0.005),
        }
        for i, (genotype, sampler, value) in enumerate(
            zip(genotypes, samplers, accuracy, strict=True)
        )
        for replicate in range(3 if i % 4 == 0 else 1)
    ]
    pd.DataFrame(rows).to_parquet(folder / "development.parquet")
    proposals = [
        {
            "sampler": sampler,
            "optimizer": "random" if sampler == "random" else "regularized_evolution",
            "generation": 0,
            "position": i,
            "raw_architecture": DARTS.format(genotype),
            "evaluation_id": f"{i:016x}",
        }
        for i, (genotype, sampler) in enumerate(zip(genotypes, samplers, strict=True))
    ]
    table = pa.Table.from_pylist(proposals, schema=PROPOSALS)
    write_table(folder / "proposals.parquet", table, "proposals", Provenance({}, {}))
    for family in ("mean", "linear"):
        settings = '{"l2": 1.0}' if family == "linear" else "{}"
        (folder / f"{family}.json").write_text(
            f'{{"family": "{family}", "encoding": "one_hot", "link": "identity", '
            f'"settings": {settings}}}'
        )
        sources = HoldOutSources(
            folder / "development.parquet", folder / "proposals.parquet", folder / f"{family}.json"
        )
        hold_out(DARTS, sources, [20, 50, 500], 1, folder / f"{family}.parquet")
    return folder


@pytest.fixture(scope="module")
def labels(folder: Path) -> Labels:
    return read_labels(folder / "development.parquet", TARGETS["val_accuracy"])


def test_training_sets_grow_and_never_meet_what_they_predict(labels: Labels) -> None:
    splits = list(size_splits(labels, [50, 20, 500]))
    assert [split.group for split in splits] == ["20", "50", "all"] * FOLDS
    for start in range(0, len(splits), 3):
        small, middle, full = splits[start : start + 3]
        assert set(small.inside) < set(middle.inside) < set(full.inside)
        assert not set(full.inside) & set(full.outside)
        assert len(full.inside) + len(full.outside) == len(labels)
    outside = np.concatenate([split.outside for split in splits if split.group == "all"])
    assert sorted(outside) == list(range(len(labels)))


def test_everything_a_sampler_proposed_is_left_out(folder: Path, labels: Labels) -> None:
    groups = proposed_groups(DARTS, folder / "proposals.parquet")
    assert set(groups) == {"random", "re_a", "re_b", "all regularized_evolution"}
    assert groups["re_a"] | groups["re_b"] == groups["all regularized_evolution"]
    splits = {split.group: split for split in left_out_splits(labels, groups)}
    assert set(splits) == set(groups)
    for group, split in splits.items():
        assert {labels.architecture_ids[i] for i in split.outside} == groups[group]
        assert not {labels.architecture_ids[i] for i in split.inside} & groups[group]


def test_only_replicated_architectures_judge_what_was_seen(labels: Labels) -> None:
    [split] = seen_split(labels)
    assert len(split.inside) == N
    assert (labels.seeds[split.outside] == 3).all()
    np.testing.assert_array_equal(split.labels, labels.first)


def test_groups_of_a_few_are_not_left_out(labels: Labels) -> None:
    few = {"few": set(labels.architecture_ids[:5]), "most": set(labels.architecture_ids[5:])}
    assert list(left_out_splits(labels, few)) == []


def test_predictions_know_their_distance_to_what_was_learnt(folder: Path) -> None:
    table = pd.read_parquet(folder / "linear.parquet")
    assert set(table["scheme"]) == {"size", "without", "seen"}
    full = table[(table["scheme"] == "size") & (table["group"] == "all")]
    assert len(full) == full["architecture_id"].nunique() == N
    assert (full["distance"] >= 1).all()
    # A third were mutated, and most of their parents are in other folds.
    assert (full["distance"] == 1).sum() >= 20
    assert (table[table["group"] == "20"]["distance"] == -1).all()


def test_more_architectures_predict_better(folder: Path, labels: Labels) -> None:
    table = pd.read_parquet(folder / "linear.parquet")
    value_of = dict(zip(labels.architecture_ids, labels.values, strict=True))
    error = {
        group: (rows["prediction"] - rows["architecture_id"].map(value_of)).abs().mean()
        for group, rows in table[table["scheme"] == "size"].groupby("group")
    }
    assert error["all"] < error["50"] < error["20"]


def test_scores_stand_beside_their_limits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "BOOTSTRAPS", 20)
    monkeypatch.setattr(scores, "CEILING_DRAWS", 20)
    files = {family: folder / f"{family}.parquet" for family in ("mean", "linear")}
    outputs = tmp_path / "scores.parquet", tmp_path / "figure.png", tmp_path / "finding.txt"
    sources = GeneralizationSources(
        folder / "development.parquet", folder / "proposals.parquet", files
    )
    score_generalization(sources, *outputs)
    table = pd.read_parquet(outputs[0])
    assert set(table["family"]) == {"linear"}  # the mean ranks nothing
    assert set(table["scheme"]) == {"size", "without", "region", "distance"}
    assert "r2" not in set(table[table["scheme"] == "region"]["metric"])
    full = table[(table["scheme"] == "size") & (table["group"] == "all")].set_index("metric")
    assert full.loc["r2", "score"] <= 1.0
    assert full.loc["r2", "table"] < full.loc["r2", "ceiling"]
    assert full.loc["r2", "n"] == N
    assert outputs[1].stat().st_size > 10_000
    sentence = outputs[2].read_text()
    score = full.loc["r2"]
    assert sentence.startswith(
        f"With {score['trained']} training architectures linear is the best family: R2 "
        f"{score['score']:.2f} [{score['low']:.2f}, {score['high']:.2f}] on held-out folds, ceiling"
    )
    assert "with 50. Its Kendall tau by distance" in sentence
    left_out = sentence.partition("On what it learnt nothing of (and R2): ")[2]
    scored = r"-?\d\.\d\d \[-?\d\.\d\d, -?\d\.\d\d\] \(R2 -?\d+\.\d\d\)"
    assert re.fullmatch(rf"random {scored}, all regularized_evolution {scored}\.\n", left_out), (
        left_out
    )


def test_samplers_stand_alone_where_their_optimizer_was_not_left_out() -> None:
    row = {"family": "linear", "score": 0.5, "low": 0.4, "high": 0.6, "ceiling": 0.9}
    row |= {"estimable": True, "trained": 50}
    groups = [("size", "all"), ("without", "re_a"), ("without", "re_b")]
    rows = [
        row | {"scheme": scheme, "group": group, "metric": metric}
        for scheme, group in groups
        for metric in ("r2", "kendall_tau")
    ]
    rows[-1]["score"] = float("nan")  # all predictions are alike
    text = finding(pd.DataFrame(rows), dict.fromkeys(("re_a", "re_b"), "regularized_evolution"))
    assert text.endswith("re_a 0.50 [0.40, 0.60] (R2 0.50), re_b undefined (R2 0.50).")
