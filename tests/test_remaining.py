"""Which trainings of a campaign are in the cache already."""

import copy
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from parquet_images import write_random_source
from tiny_campaign import REPOSITORY, TINY

from nasforge.config import check_config
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation, EvaluationKey
from nasforge.plan import plan
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.remaining import cached_trainings, finished, known_dataset_id
from nasforge.sampling import PastGeneration, SamplerSpec, choose_replicates, propose
from nasforge.space import DARTS
from nasforge.training.prepare import prepare

IMAGES = "0123456789abcdef"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The tiny campaign, two samplers of two generations of 4 + 2, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    config = copy.deepcopy(TINY)
    check_config(config, REPOSITORY / "workflow/schemas/config.schema.yaml")
    return config


def cached(config: dict[str, Any]) -> dict[str, int]:
    return cached_trainings(config, finished(config), IMAGES)


def put(config: dict[str, Any], proposals: list[Proposal], **changes: Any) -> PastGeneration:
    """What training these would leave; values tell architectures apart."""
    recipe_id = Recipe.from_dict(config["training"]["recipe"]).recipe_id
    cache = EvaluationCache(Path("results/.cache"), "train", recipe_id)
    results = {}
    for proposal in proposals:
        architecture_id = DARTS.architecture_id(DARTS.parse(proposal.raw_architecture))
        key = EvaluationKey(architecture_id, recipe_id, IMAGES, proposal.replicate)
        values = {field.name: field.type() for field in fields(Evaluation) if field.name != "curve"}
        values |= asdict(key) | {"evaluation_id": key.evaluation_id, "status": "ok"}
        values |= {"val_accuracy": int(architecture_id, 16) / 16**16, "train_time_s": 2.0}
        cache.put(Evaluation(**values | changes))
        results[architecture_id] = (values["val_accuracy"], 2.0)
    return PastGeneration(proposals, results)


def spec(config: dict[str, Any], name: str) -> SamplerSpec:
    return SamplerSpec(**next(e for e in config["samplers"] if e["name"] == name))


def test_generations_without_feedback_are_known_one_by_one(config: dict[str, Any]) -> None:
    assert cached(config) == {"random": 0, "evolution": 0}
    second = propose(DARTS, spec(config, "random"), 1, ())
    put(config, second)
    assert cached(config)["random"] == 4
    put(config, choose_replicates(second, **config["replicates"]))
    assert cached(config) == {"random": 6, "evolution": 0}


def test_feedback_is_followed_as_far_as_the_cache_has_it(config: dict[str, Any]) -> None:
    sampler = spec(config, "evolution")
    first = propose(DARTS, sampler, 0, ())
    past = put(config, first[:3])
    second = propose(DARTS, sampler, 1, [put(config, first)])
    put(config, second)
    assert cached(config)["evolution"] == 8
    # Without one of its results, the second generation is not known.
    put(config, first[3:], status="failed", attempts=1)
    assert cached(config)["evolution"] == 3 == len(past.proposals)
    put(config, first[3:], status="failed", attempts=config["execution"]["max_attempts"])
    assert cached(config)["evolution"] >= 4


def test_other_images_are_other_trainings(config: dict[str, Any]) -> None:
    put(config, propose(DARTS, spec(config, "random"), 0, ()))
    assert cached_trainings(config, finished(config), "f" * 16)["random"] == 0


def write_images(folder: Path, config: dict[str, Any], dataset_id: str, **changes: Any) -> None:
    content = {"spec": DatasetSpec.from_dict(config["dataset"] | changes).to_dict()}
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text(json.dumps(content | {"dataset_id": dataset_id}))


def test_images_are_those_of_the_run_else_of_the_source_itself(config: dict[str, Any]) -> None:
    config["dataset"]["source"] = "parquet"
    config["execution"]["data_dir"] = "one"
    assert known_dataset_id(config) is None
    # Another config's images of the same options may be of other files.
    write_images(Path("results/other/images"), config, "other")
    assert known_dataset_id(config) is None
    options = DatasetSpec.from_dict(config["dataset"])
    one = prepare(options, write_random_source(Path("one"), seed=1), Path("somewhere"))
    assert known_dataset_id(config) == one["dataset_id"]
    config["execution"]["data_dir"] = str(write_random_source(Path("two"), seed=2))
    assert known_dataset_id(config) not in (None, "other", one["dataset_id"])
    write_images(Path("results/tiny/images"), config, "own")
    assert known_dataset_id(config) == "own"
    Path("results/tiny/images/dataset.json").write_text("[]")
    assert known_dataset_id(config) not in (None, "own")


def test_what_can_be_downloaded_is_not(config: dict[str, Any]) -> None:
    config["dataset"]["source"] = "cifar10"
    config["execution"]["data_dir"] = "images"
    assert known_dataset_id(config) is None
    assert not Path("images").exists()


def test_a_plan_says_what_remains(config: dict[str, Any]) -> None:
    config["dataset"]["source"] = "parquet"
    config["execution"]["data_dir"] = "not there"
    assert "in the cache" not in plan(config, 60.0).to_text()
    put(config, propose(DARTS, spec(config, "random"), 0, ()))
    unknown = plan(config, 60.0)
    assert (unknown.cached, unknown.remaining) == (None, 24)
    assert "in the cache: 4 trainings of this recipe; how many of them" in unknown.to_text()
    write_images(Path("results/tiny/images"), config, IMAGES)
    known = plan(config, 60.0)
    assert (known.cached, known.remaining, known.remaining_hours) == (4, 20, 20 / 60)
    assert [row.cached for row in known.samplers] == [4, 0]
    assert "4 of them; at most 20 remain, 20.0 core-minutes" in known.to_text()
    assert known.to_json()["remaining"] == 20
    training = config["training"] | {"evaluator": "simulate"}
    assert plan(config | {"training": training}, 60.0).cached == 0
