"""The card says what the manifest says, and admits what is not known."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from nasforge.benchmark.card import format_card
from nasforge.benchmark.entries import CurveEntry, SurrogateEntry
from nasforge.benchmark.manifest import Manifest

SCORE = {"part": "test", "metric": "r2", "n": 40, "score": 0.5, "low": 0.4, "high": 0.6}
CEILING = {"ceiling": 0.9, "table": 0.8, "estimable": True}
NO_CEILING = {"ceiling": None, "table": None, "estimable": False}


def with_scores(
    manifest: Manifest, surrogate: str, target: str, rows: Sequence[Mapping[str, Any]]
) -> Manifest:
    entry = manifest.surrogates[surrogate]
    model = dataclasses.replace(entry.targets[target], scores=tuple(rows))
    entry = dataclasses.replace(entry, targets={**entry.targets, target: model})
    return dataclasses.replace(manifest, surrogates={**manifest.surrogates, surrogate: entry})


def lines_about(manifest: Manifest, *words: str) -> list[str]:
    return [
        line for line in format_card(manifest).splitlines() if all(word in line for word in words)
    ]


def test_the_card_says_what_the_benchmark_is(manifest: Manifest) -> None:
    card = format_card(manifest)
    assert card.startswith("# tiny-v1\n\nA benchmark for tests.\n")
    for text in (
        "darts, version 1",
        "digits at 8 x 8, 100 for training, 50 for validation, 50 for testing",
        str(manifest.recipe["recipe_id"]),
        "epochs 2",
        "Fitted on 60 trainings of 40 architectures",
        "80 trainings of 50 architectures in 2.00 hours",
        "random (random, 40)",
        str(manifest.best_known["architecture"]),
        "CC-BY-4.0",
        "tiny-v1, made for tests",
    ):
        assert text in card


def test_the_card_names_the_machines_whose_seconds_it_predicts(manifest: Manifest) -> None:
    assert "Trained on" not in format_card(manifest)
    machines = [
        {"name": "cpu, fast, native, fp32", "trainings": 50, "factor": 1.0},
        {"name": "cpu, slow, native, fp32", "trainings": 10, "factor": 0.45454},
    ]
    for some, line in (
        (machines[:1], "- Trained on cpu, fast, native, fp32 (50 trainings)."),
        (
            machines,
            "- Trained on cpu, fast, native, fp32 (50 trainings); cpu, slow, native, fp32 (10, "
            "times multiplied by 0.455); `train_time_s` is in seconds of the first.",
        ),
    ):
        training = {**manifest.training_set, "machines": some}
        assert line in format_card(dataclasses.replace(manifest, training_set=training))


@pytest.mark.parametrize(("trainings", "times"), [(1, "once"), (3, "3 times")])
def test_the_best_known_is_given_with_its_trainings(
    manifest: Manifest, trainings: int, times: str
) -> None:
    assert "trained" not in format_card(manifest).partition("Best known")[2].partition("\n")[0]
    known = {**manifest.best_known, "trained": 0.7412, "trainings": trainings}
    card = format_card(dataclasses.replace(manifest, best_known=known))
    assert f"(by linear's prediction, 0.7500; trained {times}: 0.7412): `normal:" in card


def test_imported_evaluations_are_said_to_be_so(manifest: Manifest) -> None:
    changed = dataclasses.replace(
        manifest,
        evaluator="import",
        recipe={"recipe_id": "r", "imported": "csv", "file": "table.csv"},
        dataset={"dataset_id": "d", "imported": "csv", "spec": {}},
        network=None,
        training_set={**manifest.training_set, "campaign_train_time_s": None},
    )
    card = format_card(changed)
    assert "Evaluations: imported, trained elsewhere." in card
    assert "Recipe r: imported csv, file table.csv." in card
    assert "Data set d: imported csv, spec {}." in card
    assert "80 trainings of 50 architectures." in card


def test_the_default_accuracy_is_in_full_beside_table_and_ceiling(manifest: Manifest) -> None:
    rows = [
        {**SCORE, **CEILING},
        {**SCORE, **CEILING, "metric": "nll", "table": None},
        {**SCORE, **NO_CEILING, "metric": "kl", "score": None},
    ]
    card = format_card(with_scores(manifest, "linear", "val_accuracy", rows))
    assert (
        "`val_accuracy` by linear, the default surrogate:\n\n"
        "| metric | n | score | one-run table | ceiling |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| r2 | 40 | 0.5000 [0.4000, 0.6000] | 0.8000 | 0.9000 |\n"
        "| nll | 40 | 0.5000 [0.4000, 0.6000] | - | 0.9000 |\n"
        "| kl | 40 | undefined | not estimable | not estimable |\n\n"
    ) in card


def test_every_surrogate_and_target_has_one_short_line(manifest: Manifest) -> None:
    rows = [
        {**SCORE, **CEILING, "metric": name}
        for name in ("r2", "mae", "rmse", "spearman", "kendall_tau", "nll", "coverage_90")
    ]
    changed = with_scores(manifest, "forest", "val_accuracy", rows)
    for name, surrogate in changed.surrogates.items():
        for target in surrogate.targets:
            assert len(lines_about(changed, f"| {name}", f"| {target} |")) == 1
    assert lines_about(changed, "| surrogate | target | r2 | kendall_tau | mae | coverage_90 |")
    [forest] = lines_about(changed, "| forest | val_accuracy |")
    assert forest.count("0.500 [0.400, 0.600]") == 4
    [linear] = lines_about(changed, "| linear (default) | test_accuracy |")
    assert linear == "| linear (default) | test_accuracy | undefined | - | - | - |"
    [time] = lines_about(changed, "| forest | train_time_s |")
    assert "| -0.250 [-, -] |" in time


def test_a_card_of_many_surrogates_stays_short(manifest: Manifest) -> None:
    rows = [{**SCORE, **CEILING, "metric": f"metric_{i}"} for i in range(12)]
    many = with_scores(manifest, "linear", "val_accuracy", rows)
    surrogates = {f"s{i}": many.surrogates["linear"] for i in range(9)}
    many = dataclasses.replace(many, surrogates={**many.surrogates, **surrogates})
    assert len(format_card(many).splitlines()) < 110


def test_a_learning_curve_has_its_scores(manifest: Manifest) -> None:
    assert "Learning curves" not in format_card(manifest)
    part = manifest.surrogates["linear"].targets["val_accuracy"].parts[0]
    scores = tuple(
        {**SCORE, **CEILING, "target": f"val_accuracy@{epoch}", "metric": metric}
        for epoch in (1, 4)
        for metric in ("r2", "mae", "rmse")
    )
    changed = dataclasses.replace(manifest, curve=CurveEntry(8, "curve.basis.npz", (part,), scores))
    assert lines_about(changed, "after each of 8 epochs")
    for epoch in (1, 4):
        assert lines_about(changed, f"| {epoch} | 0.500 [0.400, 0.600] | - | 0.500 [")


def test_a_learning_curve_without_scores_says_so(manifest: Manifest) -> None:
    part = manifest.surrogates["linear"].targets["val_accuracy"].parts[0]
    curve = CurveEntry(8, "curve.basis.npz", (part,), ())
    card = format_card(dataclasses.replace(manifest, curve=curve))
    assert "No scores are recorded." in card
    assert "| epoch |" not in card


def test_it_says_whose_architectures_the_scores_are_on(manifest: Manifest) -> None:
    samplers = [
        {"sampler": name, "optimizer": "random", "proposals": 9} for name in ("a", "b", "fresh")
    ]
    for held_out, words in (
        (["a", "b", "fresh"], "are from the same samplers"),
        (["fresh"], "are from fresh alone"),
        (None, "are from the same samplers"),
    ):
        training = {**manifest.training_set, "samplers": samplers}
        training |= {} if held_out is None else {"held_out_samplers": held_out}
        card = format_card(dataclasses.replace(manifest, training_set=training))
        assert f"Held-out architectures {words}, so the scores say nothing" in card


def test_it_says_where_not_to_trust_it(manifest: Manifest) -> None:
    [_, limits] = format_card(manifest).split("## Where it must not be trusted")
    for text in (
        "Outside the region",
        "end of long runs",
        "`epistemic_std`",
        "smaller than the mae",
    ):
        assert text in limits
    assert "`train_time_s` on other machines" in limits
    accuracy = {"val_accuracy": manifest.targets["val_accuracy"]}
    untimed = {
        name: dataclasses.replace(s, targets={"val_accuracy": s.targets["val_accuracy"]})
        for name, s in manifest.surrogates.items()
    }
    changed = dataclasses.replace(manifest, targets=accuracy, surrogates=untimed)
    assert "`train_time_s`" not in format_card(changed)


def test_it_says_how_to_use_it(manifest: Manifest) -> None:
    assert lines_about(manifest, "black box")
    [families] = lines_about(manifest, "Do not judge")
    assert "linear models (linear); tree ensembles (forest)" in families
    [report] = lines_about(manifest, "Report the full name")
    assert "(`tiny-v1/linear`), at least 10 seeds per optimizer with noise draws" in report
    assert "regret over simulated time" in report
    targets = dict(manifest.targets)
    targets["val_accuracy"] = dataclasses.replace(targets["val_accuracy"], noise=None)
    [report] = lines_about(dataclasses.replace(manifest, targets=targets), "Report the full name")
    assert "noise draws" not in report


def test_a_blend_is_of_all_its_families(manifest: Manifest) -> None:
    models = [s.targets["val_accuracy"] for s in manifest.surrogates.values()]
    parts = tuple(part for model in models for part in model.parts)
    blend = {t: dataclasses.replace(models[0], parts=parts) for t in manifest.targets}
    surrogates = {**manifest.surrogates, "blend": SurrogateEntry(blend)}
    [families] = lines_about(dataclasses.replace(manifest, surrogates=surrogates), "Do not judge")
    assert "linear models (linear, blend); tree ensembles (forest, blend)" in families


def test_noise_is_described_by_target(manifest: Manifest) -> None:
    targets = dict(manifest.targets)
    targets["test_accuracy"] = dataclasses.replace(targets["test_accuracy"], noise=None)
    sloped = dataclasses.replace(targets["train_time_s"].noise, slope=0.5)
    targets["train_time_s"] = dataclasses.replace(targets["train_time_s"], noise=sloped)
    changed = dataclasses.replace(manifest, targets=targets)
    of = "from 30 trainings of 10 architectures"
    assert lines_about(changed, "- val_accuracy (identity scale): constant", of)
    assert lines_about(changed, "- test_accuracy: not estimable, too few replicates")
    assert lines_about(changed, "- train_time_s (log scale): grows or falls", of)
