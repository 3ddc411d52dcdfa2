"""What a config would cost."""

import json
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml
from tiny_campaign import REPOSITORY, TINY, Run, planned_jobs

from nasforge.cli import main
from nasforge.config import check_config
from nasforge.errors import NasforgeError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.schema import Evaluation, EvaluationKey
from nasforge.plan import plan
from nasforge.recipe import Recipe

SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"


def checked(**changes: object) -> dict:
    config = json.loads(json.dumps(TINY | changes))
    check_config(config, SCHEMA)
    return config


def test_jobs_are_those_of_a_dry_run(tmp_path: Path) -> None:
    process = Run(tmp_path, TINY).snakemake("--dry-run")
    jobs = planned_jobs(process.stdout + process.stderr)
    assert plan(checked(), 1.0).jobs == sum(jobs.values())


def test_trainings_and_hours_are_sums() -> None:
    result = plan(checked(), 180.0)
    assert [row.trainings for row in result.samplers] == [12, 12]
    assert result.trainings == 24
    assert result.hours == pytest.approx(24 * 180 / 3600)
    assert ": 24 trainings in " in result.to_text()
    assert "1.2 core-hours" in result.to_text()
    assert "2.0 core-minutes" in plan(checked(), 5.0).to_text()
    assert "0.4 GPU-minutes" in plan(checked(execution={"device": "cuda"}), 1.0).to_text()


def test_the_estimate_comes_from_the_cache_or_must_be_given(tmp_path: Path) -> None:
    config = checked(execution={"cache_dir": str(tmp_path)})
    with pytest.raises(NasforgeError, match="give --seconds-per-training"):
        plan(config)
    recipe_id = Recipe.from_dict(config["training"]["recipe"]).recipe_id
    cache = EvaluationCache(tmp_path, "train", recipe_id)
    for replicate, (status, seconds) in enumerate([("ok", 10.0), ("ok", 20.0), ("failed", 99.0)]):
        cache.put(finished(recipe_id, replicate, status, seconds))
    cache.path("ff00").parent.mkdir(exist_ok=True)
    cache.path("ff00").write_text("damaged")
    assert plan(config).seconds_per_training == 15.0


def finished(recipe_id: str, replicate: int, status: str, seconds: float) -> Evaluation:
    key = EvaluationKey("0" * 16, recipe_id, "d" * 16, replicate)
    values = {field.name: field.type() for field in fields(Evaluation) if field.name != "curve"}
    values |= asdict(key) | {"evaluation_id": key.evaluation_id}
    return Evaluation(**values | {"status": status, "train_time_s": seconds})


@pytest.mark.parametrize("config", ["config", "workstation", "nb301"])
def test_the_shipped_configs_have_a_plan(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = REPOSITORY / f"config/{config}.yaml"
    assert main(["plan", str(file), "--seconds-per-training", "3600", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["hours"] == pytest.approx(result["trainings"])
    assert result["jobs"] <= 5000


def test_nb301_is_of_the_papers_size_and_recipe() -> None:
    config = yaml.safe_load((REPOSITORY / "config/nb301.yaml").read_text())
    check_config(config, SCHEMA)
    assert plan(config, 1.0).trainings == 60_000
    shares = {row.sampler: row.trainings for row in plan(config, 1.0).samplers}
    assert 0.45 <= shares["random"] / sum(shares.values()) <= 0.55


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "missing.yaml"], "missing.yaml: cannot be read"),
        (["plan", "config/config.yaml", "--seconds-per-training", "-1"], "must be more than 0"),
        (["plan", "Makefile"], "not YAML"),
        (["plan", "CITATION.cff"], "cff-version: unknown key; allowed: name"),
    ],
)
def test_misuse_is_one_line(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
