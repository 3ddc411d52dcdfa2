"""The tune stage: settings of a family, searched for with Optuna by out-of-fold error.

    >>> tune_family(DARTS, development, "lightgbm", {}, Tuning(50, 0, 5), study, result)

The first trial has the config's own settings, so tuning never ends with worse ones out of fold.
Where those are not among what is searched for, they are added to it.
Results are pieces of a config, which `tuned.gather_tuned` joins.
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.space import SearchSpace
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.families.search import SEARCH_SPACES, Range, Search
from nasforge.surrogates.fitting import LINK, split_link
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.metrics import rmse
from nasforge.surrogates.selection import SELECTION_TARGET

_LOG = logging.getLogger(__name__)

LINKS = ("identity", "log_error")


@dataclass(frozen=True)
class Tuning:
    """How settings are searched for.

    Attributes:
        trials: Settings that are tried.
        seed: Seed of search and folds.
        folds: Folds, split by architecture; a trial's score is from all of them.
    """

    trials: int
    seed: int
    folds: int


def tune_family(
    space: SearchSpace,
    development_file: Path,
    family: str,
    settings: Mapping[str, Any],
    tuning: Tuning,
    study_file: Path,
    result_file: Path,
) -> None:
    """Search for the settings with the lowest out-of-fold RMSE of val_accuracy.

    Args:
        space: Where the architectures are from.
        development_file: The development part.
        family: Name of the family.
        settings: The config's, tried first.
        tuning: How many are tried.
        study_file: Optuna's journal, for its dashboard; written anew.
        result_file: A piece of a config with the best settings, and the scores, as JSON.
    """
    labels = read_labels(development_file, TARGETS[SELECTION_TARGET])
    searched = _searched(family, settings)
    objective = _objective(space, labels, family, settings, searched, tuning)
    study_file.unlink(missing_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(study_file))),
        sampler=optuna.samplers.TPESampler(seed=tuning.seed),
        study_name=family,
    )
    for trial in _first_trials(family, settings, searched):
        study.enqueue_trial(trial)
    study.optimize(
        objective, n_trials=_number(family, tuning), callbacks=[_progress(family, tuning)]
    )
    best = dict(settings) | study.best_params
    result = {
        "surrogates": {"families": {family: best}},
        "tuning": {
            "trials": len(study.trials),
            "rmse": study.best_value,
            "rmse_before": study.trials[0].value,
        },
    }
    write_text(result_file, json.dumps(result, indent=1) + "\n")


def _searched(family: str, settings: Mapping[str, Any]) -> dict[str, Search]:
    """The family's search space, with the config's settings in it."""
    return {
        name: where.with_value(settings[name]) if name in settings else where
        for name, where in SEARCH_SPACES[family].items()
    }


def _first_trials(
    family: str, settings: Mapping[str, Any], searched: Mapping[str, Search]
) -> list[dict[str, Any]]:
    """The config's settings where they are searched for; both scales if there is nothing else."""
    known = {LINK: LINKS[0]} | dict(FAMILIES[family].settings) | dict(settings)
    own = {LINK: known[LINK]} | {n: known[n] for n, w in searched.items() if known[n] in w}
    if searched:
        return [own]
    return [own, *({LINK: link} for link in LINKS if link != own[LINK])]


def _number(family: str, tuning: Tuning) -> int:
    """Trials; there is one for each scale where nothing else is searched for."""
    return tuning.trials if SEARCH_SPACES[family] else min(tuning.trials, len(LINKS))


def _objective(
    space: SearchSpace,
    labels: Labels,
    family: str,
    settings: Mapping[str, Any],
    searched: Mapping[str, Search],
    tuning: Tuning,
) -> Callable[[optuna.Trial], float]:
    bagging = Bagging(tuning.folds, 1, tuning.seed)

    def objective(trial: optuna.Trial) -> float:
        drawn = {
            name: _suggest(trial, name, where)
            for name, where in searched.items()
            # A 0 has no place on a logarithmic scale: the first trial has it without being asked.
            if trial.number > 0 or name not in settings or settings[name] in where
        }
        drawn[LINK] = trial.suggest_categorical(LINK, LINKS)
        own, link = split_link(dict(settings) | drawn, SELECTION_TARGET)
        fitted = fit_ensemble(FAMILIES[family], space, labels, bagging, own, link)
        error = rmse(labels.values, fitted.held_out_mean)
        # Settings under which a fit runs away are bad, not an end of the search.
        return error if np.isfinite(error) else 1e6

    return objective


def _suggest(trial: optuna.Trial, name: str, where: Any) -> Any:
    if not isinstance(where, Range):
        return trial.suggest_categorical(name, where.options)
    if isinstance(where.low, int) and isinstance(where.high, int):
        return trial.suggest_int(name, where.low, where.high, log=where.log)
    return trial.suggest_float(name, where.low, where.high, log=where.log)


def _progress(family: str, tuning: Tuning) -> Callable[[optuna.Study, Any], None]:
    """A line per trial, to the log and to the terminal."""

    def show(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        line = (
            f"{family}: trial {trial.number + 1}/{tuning.trials}, out-of-fold rmse "
            f"{trial.value:.5f}, best {study.best_value:.5f}"
        )
        _LOG.info("%s %s", line, trial.params)
        print(line, file=sys.stderr, flush=True)

    return show
