"""The DAG as dry-runs show it: what runs, what an edit re-runs, who reads the test part."""

import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy

import pytest
from tiny_campaign import REPOSITORY, Run, environment, planned_jobs

DOWNSTREAM_OF_FIT = {
    "fit_blend": 2,
    "select_surrogate": 1,
    "score_test": 1,
    "export_benchmark": 1,
    "plot_figures": 1,
    "tabulate_scores": 1,
    "write_explorer": 1,
    "all": 1,
}
DOWNSTREAM_OF_COLLECT = {
    "split_parts": 1,
    "tune_family": 1,
    "gather_tuned": 1,
    "fit_family": 4,
    "fit_curve": 1,
    **DOWNSTREAM_OF_FIT,
}
DOWNSTREAM_OF_PARTS = {"collect_campaign": 1, **DOWNSTREAM_OF_COLLECT}
EVERY_TRAINING = {
    # Random generations keep their proposals; evolution's second one sees other results.
    "sample_generation": 1,
    "choose_replicates": 1,
    "train_shard": 8,
    "collect_generation": 4,
    **DOWNSTREAM_OF_PARTS,
}


def set_recipe(config: dict, **options: object) -> None:
    config["training"]["recipe"].update(options)


EDITS: dict[str, tuple[Callable[[dict], object], dict[str, int]]] = {
    "a family's settings": (
        lambda c: c["surrogates"]["families"]["lightgbm"].update(trees=6),
        {
            "tune_family": 1,
            "gather_tuned": 1,
            "fit_family": 2,
            "fit_curve": 1,
            **DOWNSTREAM_OF_FIT,
        },
    ),
    "a new family": (
        lambda c: c["surrogates"]["families"].update(linear={}),
        {"tune_family": 1, "gather_tuned": 1, "fit_family": 2, **DOWNSTREAM_OF_FIT},
    ),
    "more trials": (
        lambda c: c["surrogates"]["tuning"].update(trials=3),
        {
            "tune_family": 1,
            "gather_tuned": 1,
            "fit_family": 2,
            "fit_curve": 1,
            **DOWNSTREAM_OF_FIT,
        },
    ),
    "a larger blend": (
        lambda c: c["surrogates"]["blend"].update(parts=3),
        DOWNSTREAM_OF_FIT,
    ),
    "the budget of a query": (
        lambda c: c["surrogates"].update(query_budget_us=500.0),
        {rule: jobs for rule, jobs in DOWNSTREAM_OF_FIT.items() if rule != "fit_blend"},
    ),
    "one more generation of evolution": (
        lambda c: c["samplers"][1].update(generations=3),
        {
            "sample_generation": 1,
            "choose_replicates": 1,
            "train_shard": 2,
            "collect_generation": 1,
            **DOWNSTREAM_OF_PARTS,
        },
    ),
    "one more generation of random": (
        lambda c: c["samplers"][0].update(generations=3),
        {
            "sample_generation": 1,
            "choose_replicates": 1,
            "train_shard": 2,
            "collect_generation": 1,
            **DOWNSTREAM_OF_PARTS,
        },
    ),
    "a new sampler": (
        lambda c: c["samplers"].append({**c["samplers"][0], "name": "random_b", "seed": 9}),
        {
            "sample_generation": 2,
            "choose_replicates": 2,
            "train_shard": 4,
            "collect_generation": 2,
            **DOWNSTREAM_OF_PARTS,
        },
    ),
    "epochs": (lambda c: set_recipe(c, epochs=3), EVERY_TRAINING),
    "channels": (lambda c: set_recipe(c, channels=4), EVERY_TRAINING),
    "the data set": (
        lambda c: c["dataset"].update(train_images=70),
        {"prepare_images": 1, **EVERY_TRAINING},
    ),
    "replicates up": (
        lambda c: c["replicates"].update(seeds=3),
        {
            "choose_replicates": 4,
            "train_shard": 4,
            "collect_generation": 4,
            **DOWNSTREAM_OF_PARTS,
        },
    ),
    "failed fraction": (
        lambda c: c["training"].update(max_failed_fraction=0.5),
        DOWNSTREAM_OF_PARTS,
    ),
    "the split's seed": (lambda c: c.update(split={"seed": 1}), DOWNSTREAM_OF_COLLECT),
    "the description": (
        lambda c: c["export"].update(description="Another."),
        {"export_benchmark": 1, "write_explorer": 1, "all": 1},
    ),
    "attempts": (lambda c: c.update(execution={"max_attempts": 5}), {}),
    "device": (lambda c: c.update(execution={"device": "cuda"}), {}),
    "backend": (lambda c: c.update(execution={"backend": "torch"}), {}),
    "a moved data folder": (lambda c: c.update(execution={"data_dir": "elsewhere"}), {}),
    "a moved cache": (lambda c: c.update(execution={"cache_dir": "elsewhere"}), {}),
    "a default spelt out": (lambda c: set_recipe(c, momentum=0.0, flip=False), {}),
}


def dry_run(run: Run, *options: str) -> str:
    process = run.snakemake("--dry-run", *options)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout + process.stderr


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_what_it_must_and_no_more(finished: Run, edit: str) -> None:
    change, expected = EDITS[edit]
    edited = Run(finished.folder, deepcopy(finished.config))
    change(edited.config)
    assert planned_jobs(dry_run(edited)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ("--cores", "1"),
        ("--set-threads", "fit_family=2"),
        ("--set-resources", "train_shard:mem_mb=9000", "train_shard:gpu=1"),
    ],
)
def test_cores_threads_and_resources_rerun_nothing(finished: Run, options: tuple[str, ...]) -> None:
    assert planned_jobs(dry_run(finished, *options)) == {}


@pytest.mark.slow
def test_comments_and_formatting_of_the_config_rerun_nothing(finished: Run) -> None:
    command = finished.command("--dry-run")
    file = finished.folder / "config.yaml"
    file.write_text("# a comment\n\n" + file.read_text().replace("epochs: 2", "epochs:   2"))
    process = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert planned_jobs(process.stdout + process.stderr) == {}


@pytest.mark.slow
def test_newer_scripts_rerun_nothing(finished: Run) -> None:
    # As after a git pull, which makes every file it writes new.
    for script in (REPOSITORY / "workflow/scripts").glob("*.py"):
        script.touch()
    assert planned_jobs(dry_run(finished)) == {}


def test_a_full_dry_run_shows_every_job(new_run: Callable[..., Run]) -> None:
    assert planned_jobs(dry_run(new_run())) == {
        "prepare_images": 1,
        "sample_generation": 4,
        "choose_replicates": 4,
        "train_shard": 8,
        "collect_generation": 4,
        **DOWNSTREAM_OF_PARTS,
    }


def test_only_score_test_reads_the_test_part_and_only_after_selection(
    new_run: Callable[..., Run],
) -> None:
    readers = {}
    jobs = re.findall(
        r"^(?:local)?rule (\w+):\n\s+input: (.*)$", dry_run(new_run()), flags=re.MULTILINE
    )
    assert {rule for rule, _ in jobs} >= {"fit_family", "select_surrogate", "export_benchmark"}
    for rule, inputs in jobs:
        if any(path.endswith("split/test.parquet") for path in inputs.split(", ")):
            readers[rule] = inputs
    assert list(readers) == ["score_test"]
    assert "select/selection.json" in readers["score_test"]


def test_random_generations_run_side_by_side_and_evolution_waits(
    new_run: Callable[..., Run],
) -> None:
    output = dry_run(new_run())
    jobs = re.findall(r"rule sample_generation:\n((?:.*\n)*?)    output: (\S+)", output)
    samples = {path: head for head, path in jobs}
    assert "input:" not in samples["results/tiny/sample/random/gen1.csv"]
    waiting = samples["results/tiny/sample/evolution/gen1.csv"]
    assert "results/tiny/train/evolution/gen0/shard0.evaluations.parquet" in waiting
    assert "replicates" not in waiting


@pytest.mark.parametrize("config", ["config/config.yaml", "config/workstation.yaml"])
def test_shipped_configs_plan(config: str, tmp_path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"),
         "--configfile", str(REPOSITORY / config), "--directory", str(tmp_path), "--cores", "1",
         "--dry-run"],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    assert planned_jobs(process.stdout + process.stderr)["export_benchmark"] == 1


def test_lint_is_clean() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint"],
        capture_output=True, text=True, env=environment(), cwd=REPOSITORY, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
