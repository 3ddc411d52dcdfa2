"""Commands on the cache of evaluations."""

from dataclasses import replace
from pathlib import Path

import pytest
from command_line import printed, refused
from one_evaluation import evaluation, key

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.schema import Evaluation

__all__ = ["evaluation", "key"]


@pytest.mark.parametrize(
    ("evaluators", "hint"),
    [
        ([], "0 failed evaluations forgotten\n"),
        (["simulate"], "1 failed evaluations forgotten; to make them again: snakemake ... "
         "--forcerun simulate_shard\n"),
        (["train", "replay"], "2 failed evaluations forgotten; to make them again: snakemake ... "
         "--forcerun replay_shard train_shard; those of studies.exploitation: snakemake ... "
         "--forcerun train_exploited -- studies\n"),
    ],
)  # fmt: skip
def test_retry_names_the_jobs_that_make_what_was_forgotten_again(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    evaluation: Evaluation,
    evaluators: list[str],
    hint: str,
) -> None:
    for evaluator in ("train", "simulate", "replay"):
        status = "failed" if evaluator in evaluators else "ok"
        row = replace(evaluation, evaluator=evaluator, status=status)
        row = replace(row, evaluation_id=row.key.evaluation_id)
        EvaluationCache(tmp_path, evaluator, row.recipe_id).put(row)
    assert printed(capsys, "cache", "retry", "--cache", tmp_path) == hint


@pytest.mark.parametrize("action", ["retry", "compact"])
def test_a_folder_that_is_no_cache_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, action: str
) -> None:
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "evaluations" / "random-g0.parquet").touch()
    error = refused(capsys, "cache", action, "--cache", tmp_path)
    assert f"--cache: {tmp_path} is no cache, or an empty one" in error
    assert "no folder " in refused(capsys, "cache", action, "--cache", tmp_path / "none")
