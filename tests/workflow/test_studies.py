"""The studies in the DAG: what runs, what an edit re-runs, and trainings of what was found."""

from collections.abc import Callable
from copy import deepcopy

import pandas as pd
import pytest
from tiny_campaign import TINY, Run, planned_jobs

STUDIES = {
    "generalization": {"sizes": [10], "members": 1},
    "trajectories": {"seeds": 2, "members": 1},
    "long_runs": {
        "evaluations": 30,
        "seeds": 2,
        "optimizers": {"random": {}, "local_search": {}},
    },
    "exploitation": {"best": 3, "controls": 2, "replicates": 2, "train": True},
    "coverage": {"sample": 5},
    "random_draws": {"draws": 200, "table_size": 20},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("studies"), TINY | {"studies": deepcopy(STUDIES)})
    process = run.snakemake("--", "studies")
    assert process.returncode == 0, process.stdout + process.stderr
    return run


def planned(run: Run) -> dict[str, int]:
    process = run.snakemake("--dry-run", "--", "studies")
    assert process.returncode == 0, process.stdout + process.stderr
    return planned_jobs(process.stdout)


@pytest.mark.slow
def test_every_study_ends_with_a_sentence_and_a_figure(finished: Run) -> None:
    studies = finished.results / "studies"
    names = ("table", "trajectories", "long_runs", "exploitation", "coverage", "random_draws")
    for name in names:
        assert (studies / f"{name}.txt").read_text().rstrip().endswith("."), name
        assert (studies / f"{name}.png").stat().st_size > 5_000, name


@pytest.mark.slow
def test_every_table_of_numbers_is_parquet(finished: Run) -> None:
    studies = finished.results / "studies"
    names = {file.relative_to(studies).as_posix() for file in studies.rglob("*.parquet")}
    assert names >= {
        "generalization.parquet",
        "table.parquet",
        "table_equal_error.parquet",
        "trajectories.parquet",
        "trajectories_order.parquet",
        "long_runs.parquet",
        "long_runs_leads.parquet",
        "exploitation/predictions.parquet",
        "exploitation.parquet",
        "coverage.parquet",
        "random_draws.parquet",
    }
    for name in names:
        pd.read_parquet(studies / name)
    # Proposals are CSV in all stages.
    assert [file.name for file in studies.rglob("*.csv")] == ["proposals.csv"]


@pytest.mark.slow
def test_what_was_found_is_trained_like_everything_else(finished: Run) -> None:
    table = pd.read_parquet(finished.results / "studies/exploitation.parquet")
    # (3 networks x 2 optimizers + 2 controls), 2 trainings each, in shards of 4.
    assert len(table) == 8
    assert (table["trainings"] == 2).all()
    assert len(list((finished.results / "studies/exploitation").glob("*.curves.parquet"))) == 4


EDITS: dict[str, tuple[Callable[[dict], object], dict[str, int]]] = {
    "runs on surrogates": (
        lambda s: s["trajectories"].update(seeds=3),
        {"run_without_optimizer": 1, "compare_trajectories": 1, "write_results": 1},
    ),
    "settings of one long run": (
        lambda s: s["long_runs"]["optimizers"].update(local_search={"improvement": "first"}),
        {
            "run_long": 1,
            "compare_long_runs": 1,
            "choose_exploited": 1,
            "train_exploited": 4,
            "score_exploited": 1,
            "compare_with_draws": 1,
            "study_coverage": 1,
            "write_results": 1,
        },
    ),
    "more controls": (
        lambda s: s["exploitation"].update(controls=4),
        {"choose_exploited": 1, "train_exploited": 5, "score_exploited": 1, "write_results": 1},
    ),
    "random draws": (
        lambda s: s["random_draws"].update(draws=300),
        {"compare_with_draws": 1, "write_results": 1},
    ),
    "nothing trained": (
        lambda s: s["exploitation"].update(train=False),
        {"write_results": 1},  # without that section
    ),
    "a default spelt out": (
        lambda s: s["long_runs"]["optimizers"].update(local_search={"improvement": "best"}),
        {},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_re_runs_that_study_alone_and_the_page(finished: Run, edit: str) -> None:
    change, expected = EDITS[edit]
    run = Run(finished.folder, finished.config)
    change(run.config["studies"])
    jobs = planned(run)
    jobs.pop("studies", None)
    assert jobs == expected


def test_nothing_can_be_trained_where_evaluations_are_given(
    new_run: Callable[..., Run],
) -> None:
    run = new_run(studies={"exploitation": {"train": True}}, evaluations={"path": "data"})
    for section in ("dataset", "training", "samplers", "replicates"):
        run.config.pop(section, None)
    process = run.snakemake("--dry-run", "--", "studies")
    assert process.returncode == 1
    assert "studies.exploitation.train: must be false" in process.stdout + process.stderr
