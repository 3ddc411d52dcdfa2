"""The card says what the manifest says, and admits what is not known."""

import dataclasses

from nasforge.benchmark.card import format_card
from nasforge.benchmark.manifest import Manifest


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


def test_a_score_stands_beside_its_ceiling(manifest: Manifest) -> None:
    [line] = lines_about(manifest, "| linear (default) | val_accuracy |")
    assert line.endswith("| r2 | 40 | 0.5000 [0.4000, 0.6000] | 0.9000 |")


def test_what_is_not_estimable_is_said_to_be_so(manifest: Manifest) -> None:
    [accuracy] = lines_about(manifest, "| forest | test_accuracy |")
    assert accuracy.endswith("| undefined | not estimable |")
    [time] = lines_about(manifest, "| forest | train_time_s |")
    assert time.endswith("| -0.2500 [-, -] | not estimable |")


def test_every_surrogate_and_target_has_a_line(manifest: Manifest) -> None:
    for name, surrogate in manifest.surrogates.items():
        for target in surrogate.targets:
            assert len(lines_about(manifest, f"| {name}", f"| {target} |")) == 1


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
