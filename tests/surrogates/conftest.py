"""Campaigns without a training: synthetic evaluations as tables, and all stages run on them."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from nasforge.evaluations.schema import Evaluation, EvaluationKey
from nasforge.evaluations.tables import PROPOSALS, Provenance, write_evaluations, write_table
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.surrogates import calibration, scores
from nasforge.surrogates.blending import BLEND, fit_blend
from nasforge.surrogates.ensemble import Bagging
from nasforge.surrogates.fitting import fit_target
from nasforge.surrogates.labels import PartFiles, write_parts
from nasforge.surrogates.selection import SelectionOutputs, select
from nasforge.surrogates.testing import score_test

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
DATASET_ID = DATASET.dataset_id({})
SHAPE = RECIPE.network_shape(DATASET.image_size, classes=10)
PROVENANCE = Provenance({RECIPE.recipe_id: RECIPE.record}, {DATASET_ID: DATASET.record({})})
FAMILIES = ("mean", "linear", "lightgbm")
TARGETS = ("val_accuracy", "train_time_s")


@dataclass(frozen=True)
class Training:
    """What a synthetic evaluation needs."""

    architecture: Genotype
    replicate: int
    val_accuracy: float
    train_time_s: float = 10.0
    status: str = "ok"
    cpu: str = "a processor"

    @property
    def evaluation(self) -> Evaluation:
        architecture_id = DARTS.architecture_id(self.architecture)
        key = EvaluationKey(architecture_id, RECIPE.recipe_id, DATASET_ID, self.replicate)
        return Evaluation(
            evaluation_id=key.evaluation_id,
            architecture=DARTS.format(DARTS.canonical(self.architecture)),
            architecture_id=architecture_id,
            replicate=self.replicate,
            seed=key.seed,
            recipe_id=key.recipe_id,
            dataset_id=key.dataset_id,
            evaluator="train",
            protocol=1,
            epochs=2,
            status=self.status,
            error="",
            attempts=1,
            val_accuracy=self.val_accuracy,
            best_val_accuracy=self.val_accuracy,
            val_loss=1.0,
            test_accuracy=self.val_accuracy - 0.01,
            train_time_s=self.train_time_s,
            params=DARTS.params(self.architecture, SHAPE),
            macs=DARTS.macs(self.architecture, SHAPE),
            backend="torch",
            precision="fp32",
            device="cpu",
            cpu=self.cpu,
            software="{}",
            finished_at="2026-01-01T00:00:00+00:00",
        )


class Campaign:
    """A folder with the files of all stages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evaluations = folder / "evaluations.parquet"
        self.proposals = folder / "proposals.parquet"
        self.development = folder / "development.parquet"
        self.test = folder / "test.parquet"
        self.set_aside = folder / "set_aside.parquet"
        self.machines = folder / "machines.json"
        self.outputs = SelectionOutputs(
            folder / "scores.parquet", folder / "candidates.csv", folder / "selection.json"
        )
        self.scores = self.outputs.scores
        self.selection = self.outputs.selection
        self.test_scores = folder / "test_scores.parquet"
        self.test_predictions = folder / "test_predictions.parquet"
        keys = list(product(FAMILIES, TARGETS))
        self.records = {(f, t): folder / "fit" / f / f"{t}.json" for f, t in keys}

    def write(
        self, trainings: Sequence[Training], proposals: Sequence[tuple[str, Genotype]]
    ) -> None:
        """Write what `collect` would; proposals are (sampler, architecture)."""
        write_evaluations(self.evaluations, [t.evaluation for t in trainings], PROVENANCE)
        rows = [
            {
                "sampler": sampler,
                "optimizer": "random",
                "generation": 0,
                "position": position,
                "raw_architecture": DARTS.format(architecture),
                "evaluation_id": Training(architecture, 0, math.nan).evaluation.evaluation_id,
            }
            for position, (sampler, architecture) in enumerate(proposals)
        ]
        table = pa.Table.from_pylist(rows, schema=PROPOSALS)
        write_table(self.proposals, table, "proposals", PROVENANCE)

    def split(self, test_fraction: float = 0.2, seed: int = 0, **samplers: Sequence[str]) -> None:
        files = PartFiles(self.development, self.test, self.set_aside, self.machines)
        write_parts(DARTS, self.evaluations, self.proposals, files, test_fraction, seed, **samplers)


@pytest.fixture(scope="session")
def genotypes() -> list[Genotype]:
    """40 random ones, distinct as networks."""
    rng = np.random.default_rng(0)
    genotypes = [DARTS.sample(rng) for _ in range(40)]
    assert len({DARTS.architecture_id(genotype) for genotype in genotypes}) == 40
    return genotypes


@pytest.fixture
def make_training() -> type[Training]:
    return Training


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """An empty one."""
    return Campaign(tmp_path)


def synthetic_trainings(genotypes: Sequence[Genotype]) -> list[Training]:
    """Accuracy and log time linear in the features, with noise; every fourth has 3 seeds."""
    rng = np.random.default_rng(1)
    features = DARTS.encode(genotypes, "one_hot")
    accuracies = 0.7 + features @ rng.normal(0.0, 0.02, features.shape[1])
    times = np.exp(2.0 + features @ rng.normal(0.0, 0.05, features.shape[1]))
    trainings = []
    for i, genotype in enumerate(genotypes):
        for replicate in range(3 if i % 4 == 0 else 1):
            accuracy = float(np.clip(accuracies[i] + rng.normal(0.0, 0.01), 0.0, 1.0))
            time = float(times[i] * np.exp(rng.normal(0.0, 0.02)))
            trainings.append(Training(genotype, replicate, accuracy, time))
    broken = dataclasses.replace(trainings[-1], val_accuracy=math.nan, status="diverged")
    return [*trainings[:-1], broken]


@pytest.fixture(scope="session")
def finished_campaign(
    tmp_path_factory: pytest.TempPathFactory, genotypes: list[Genotype]
) -> Campaign:
    """All stages up to the test scores, for `FAMILIES` and `TARGETS`."""
    campaign = Campaign(tmp_path_factory.mktemp("campaign"))
    samplers = ["a" if i < 25 else "b" for i in range(len(genotypes))]
    campaign.write(
        synthetic_trainings(genotypes),
        [*zip(samplers, genotypes, strict=True), ("b", genotypes[0])],
    )
    campaign.split()
    for (family, target), record in campaign.records.items():
        settings = {"trees": 20, "link": "log_error"} if family == "lightgbm" else {}
        bagging = Bagging(folds=5, repeats=2, seed=0)
        record.parent.mkdir(parents=True, exist_ok=True)
        fit_target(DARTS, campaign.development, family, target, settings, bagging, record)
    for target in TARGETS:
        files = {f: campaign.records[f, target].with_suffix(".parquet") for f in FAMILIES}
        record = campaign.folder / "fit" / BLEND / f"{target}.json"
        record.parent.mkdir(exist_ok=True)
        fit_blend(campaign.development, target, files, 2, 0, record)
        campaign.records[BLEND, target] = record
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "BOOTSTRAPS", 20)
        patch.setattr(calibration, "BOOTSTRAPS", 20)
        patch.setattr(scores, "CEILING_DRAWS", 20)
        select(DARTS, campaign.development, campaign.records, 1e6, campaign.outputs)
        score_test(
            DARTS,
            campaign.test,
            campaign.development,
            campaign.selection,
            campaign.records,
            campaign.test_scores,
            campaign.test_predictions,
        )
    return campaign


@pytest.fixture
def few_bootstraps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores with wider intervals, in less time."""
    monkeypatch.setattr(scores, "BOOTSTRAPS", 40)
    monkeypatch.setattr(calibration, "BOOTSTRAPS", 40)
    monkeypatch.setattr(scores, "CEILING_DRAWS", 20)
