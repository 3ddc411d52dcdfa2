"""Tuning: searches what it says, never ends worse than it began, and gives back a config."""

import copy
import json
import warnings
from pathlib import Path

import optuna
import pytest
import yaml
from tiny_campaign import TINY

from nasforge.config import check_config
from nasforge.space import DARTS
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.families.search import SEARCH_SPACES, Choice, Range
from nasforge.surrogates.tuned import gather_tuned, read_tuned
from nasforge.surrogates.tuning import Tuning, tune_family

SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "config.schema.yaml"
ALLOWED = yaml.safe_load(SCHEMA.read_text())["properties"]["surrogates"]["properties"]["families"]


def tune(campaign, folder: Path, family: str, trials: int, **settings: float) -> dict:
    result = folder / f"{family}.json"
    study = folder / f"{family}.journal"
    args = family, settings, Tuning(trials, 0, 5), study, result
    tune_family(DARTS, campaign.development, *args)
    return json.loads(result.read_text())


def test_there_is_a_search_space_for_every_family() -> None:
    assert set(SEARCH_SPACES) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_searched_is_a_setting_that_a_config_allows(family: str) -> None:
    allowed = ALLOWED["properties"][family].get("properties", {})
    for name, where in SEARCH_SPACES[family].items():
        default = FAMILIES[family].settings[name]
        ends = where.options if isinstance(where, Choice) else (where.low, where.high)
        # An integer setting is searched among integers.
        assert isinstance(default, int) == all(isinstance(end, int) for end in ends)
        for end in ends:
            assert allowed[name].get("minimum", end) <= end <= allowed[name].get("maximum", end)
        if isinstance(where, Range):
            assert where.low <= default <= where.high
        else:
            assert default in where.options


def test_the_configs_own_settings_are_tried_first(finished_campaign, tmp_path: Path) -> None:
    result = tune(finished_campaign, tmp_path, "linear", 1, l2=7.0)
    assert result["surrogates"]["families"]["linear"] == {"l2": 7.0, "link": "identity"}
    assert result["tuning"]["rmse"] == result["tuning"]["rmse_before"]


@pytest.mark.parametrize(
    ("family", "own", "quick"),
    [
        ("gin", {"hidden": 48, "batch_size": 20}, {"epochs": 1, "layers": 1, "readout": 2}),
        ("mlp", {"hidden": 5, "batch_size": 100}, {"epochs": 1}),
        ("linear", {"l2": 5000.0}, {}),
        ("linear", {"l2": 0.001}, {}),
        ("gin", {"weight_decay": 0.0}, {"epochs": 1, "layers": 1, "hidden": 4}),
        ("random_forest", {"min_leaf": 30}, {}),
    ],
)
def test_settings_that_are_not_searched_for_are_tried_all_the_same(
    finished_campaign, tmp_path: Path, family: str, own: dict, quick: dict
) -> None:
    check_config(campaign_with(family, own | quick), SCHEMA)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first = tune(finished_campaign, tmp_path, family, 1, **own, **quick)
    assert [w for w in caught if "out of range" in str(w.message)] == []
    expected = own | quick
    found = first["surrogates"]["families"][family]
    assert {name: found[name] for name in expected} == expected
    more = tune(finished_campaign, tmp_path, family, 3, **own, **quick)
    assert more["tuning"]["rmse"] <= more["tuning"]["rmse_before"] == first["tuning"]["rmse"]


def campaign_with(family: str, settings: dict) -> dict:
    config = copy.deepcopy(TINY)
    config["surrogates"] |= {"families": {family: settings}, "tuning": {"trials": 3}}
    del config["surrogates"]["blend"], config["surrogates"]["curve"]
    return config


def test_tuning_is_repeatable_and_never_ends_worse(finished_campaign, tmp_path: Path) -> None:
    first = tune(finished_campaign, tmp_path, "linear", 12)
    assert first == tune(finished_campaign, tmp_path, "linear", 12)
    assert first["tuning"]["trials"] == 12
    assert first["tuning"]["rmse"] <= first["tuning"]["rmse_before"]
    settings = read_tuned(tmp_path / "linear.json")
    assert set(settings) == {"l2", "link"}


def test_a_stored_study_holds_every_trial(finished_campaign, tmp_path: Path) -> None:
    tune(finished_campaign, tmp_path, "linear", 3)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "linear.journal"))
    study = optuna.load_study(study_name="linear", storage=optuna.storages.JournalStorage(backend))
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3


def test_a_family_without_a_search_space_is_tried_on_both_scales(
    finished_campaign, tmp_path: Path
) -> None:
    result = tune(finished_campaign, tmp_path, "gaussian_process", 5, largest=20)
    assert result["tuning"]["trials"] == 2
    settings = result["surrogates"]["families"]["gaussian_process"]
    assert settings.pop("link") in ("identity", "log_error")
    assert settings == {"largest": 20}
    once = tune(finished_campaign, tmp_path, "gaussian_process", 1, largest=20)
    assert once["surrogates"]["families"]["gaussian_process"]["link"] == "identity"


def test_progress_is_shown(finished_campaign, tmp_path: Path, capsys) -> None:
    tune(finished_campaign, tmp_path, "linear", 2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(", ")[0] for line in lines] == ["linear: trial 1/2", "linear: trial 2/2"]


def test_gathered_results_are_a_piece_of_a_config_without_tuning(
    finished_campaign, tmp_path: Path
) -> None:
    files = []
    for family in ("linear", "random_forest"):
        tune(finished_campaign, tmp_path, family, 1)
        files.append(tmp_path / f"{family}.json")
    gather_tuned(files, tmp_path / "tuned.json")
    piece = json.loads((tmp_path / "tuned.json").read_text())
    assert piece["surrogates"]["tuning"] == {"trials": 0}
    families = piece["surrogates"]["families"]
    assert families == {file.stem: read_tuned(file) for file in files}
