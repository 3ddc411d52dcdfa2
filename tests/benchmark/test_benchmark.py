"""Queries: what they answer, that noise is drawn as the manifest says, and what is refused."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from every_kind import write_every_kind

import nasforge
from nasforge.accelerator import numpy_alone
from nasforge.benchmark import Benchmark, Prediction
from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.entries import SurrogateEntry, TargetEntry
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded
from nasforge.benchmark.predictors import LinearPredictor, Predictor
from nasforge.errors import BenchmarkFormatError, GenotypeError, NasforgeError
from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.space.darts.genotype import Edge

ARCHITECTURE = DARTS.sample(np.random.default_rng(0))
SHAPE = NetworkShape(cells=3, channels=4, image_size=8, classes=10)
FIELDS = [
    "val_accuracy",
    "test_accuracy",
    "train_time_s",
    "noise_std",
    "epistemic_std",
    "params",
    "macs",
]


@pytest.fixture
def bench(tiny_benchmark: Path) -> Benchmark:
    return nasforge.load(tiny_benchmark)


def relabelled(genotype: Genotype) -> Genotype:
    """The same network, with the edges of every node in the other order."""

    def swap(cell: tuple[Edge, ...]) -> tuple[Edge, ...]:
        return tuple(cell[i ^ 1] for i in range(len(cell)))

    return Genotype(swap(genotype.normal), swap(genotype.reduce))


def test_a_query_answers_the_mean_of_the_members(
    bench: Benchmark, models: dict[tuple[str, str], Predictor]
) -> None:
    features = DARTS.encode([ARCHITECTURE], "one_hot")
    members = {
        target: model.predict(features)[0]
        for (surrogate, target), model in models.items()
        if surrogate == "linear"
    }
    answer = bench.query(ARCHITECTURE)
    assert answer.val_accuracy == pytest.approx(members["val_accuracy"].mean(), rel=1e-12)
    assert answer.test_accuracy == pytest.approx(members["test_accuracy"].mean(), rel=1e-12)
    # A time is predicted on the log scale.
    assert answer.train_time_s == pytest.approx(np.exp(members["train_time_s"].mean()), rel=1e-12)
    assert answer.noise_std == pytest.approx(0.01, rel=1e-12)
    # The manifest's epistemic_scale is 2, and there are 2 members.
    difference = np.ptp(members["val_accuracy"])
    assert answer.epistemic_std == pytest.approx(np.sqrt(2.0 * difference**2 / 2), rel=1e-9)


def test_costs_are_exact(bench: Benchmark) -> None:
    answer = bench.query(ARCHITECTURE)
    assert answer.params == DARTS.params(ARCHITECTURE, SHAPE)
    assert answer.macs == DARTS.macs(ARCHITECTURE, SHAPE)


def test_text_object_and_row_answer_alike(bench: Benchmark) -> None:
    rng = np.random.default_rng(1)
    architectures = [DARTS.sample(rng) for _ in range(5)]
    rows = bench.query_many(architectures)
    texts = bench.query_many(map(DARTS.format, architectures))
    assert list(rows) == FIELDS
    for i, architecture in enumerate(architectures):
        answer = bench.query(architecture)
        assert bench.query(DARTS.format(architecture)) == answer
        for name in FIELDS:
            assert rows[name][i] == texts[name][i]
            assert rows[name][i] == pytest.approx(getattr(answer, name), rel=1e-14)


@pytest.mark.parametrize("noise_seed", [None, 4])
def test_relabelling_a_network_changes_no_answer(bench: Benchmark, noise_seed: int | None) -> None:
    other = relabelled(ARCHITECTURE)
    assert other != ARCHITECTURE
    assert bench.query(other, noise_seed) == bench.query(ARCHITECTURE, noise_seed)


def test_answers_are_python_numbers(bench: Benchmark) -> None:
    answer = dataclasses.asdict(bench.query(ARCHITECTURE, noise_seed=1))
    assert answer.pop("best_val_accuracy") is None  # no target of this benchmark
    assert {type(value) for value in answer.values()} == {float, int}
    assert json.loads(json.dumps(answer)) == answer


def test_the_selected_surrogate_answers_unless_another_is_named(tiny_benchmark: Path) -> None:
    assert nasforge.load(tiny_benchmark).name == "tiny-v1/linear"
    forest = nasforge.load(tiny_benchmark, surrogate="forest")
    assert forest.name == "tiny-v1/forest"
    # Members answer from .41 to .54 and .75, see `forest_arrays`.
    assert 0.58 <= forest.query(ARCHITECTURE).val_accuracy <= 0.645


def test_a_query_computes_only_the_targets_asked(bench: Benchmark) -> None:
    whole = bench.query(ARCHITECTURE, noise_seed=2)
    part = bench.query(ARCHITECTURE, noise_seed=2, targets=["val_accuracy", "macs"])
    assert part == Prediction(val_accuracy=whole.val_accuracy, macs=whole.macs)
    with pytest.raises(NasforgeError, match="has no target 'accuracy'; it has val_accuracy"):
        bench.query(ARCHITECTURE, targets=["accuracy"])


def test_a_predictor_is_asked_only_when_needed(
    bench: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    for name, model in bench._models.items():
        answer = model.predict(Encoded(DARTS, [ARCHITECTURE]))
        recorder = SimpleNamespace(predict=lambda _, n=name, a=answer: (asked.append(n), a)[1])
        monkeypatch.setitem(bench._models, name, recorder)
    bench.query(ARCHITECTURE, targets=["test_accuracy"])
    bench.query(ARCHITECTURE, targets=["noise_std", "epistemic_std"])
    bench.query(ARCHITECTURE, targets=["params"])
    assert asked == ["test_accuracy", "val_accuracy"]


def test_a_query_encodes_once(bench: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []
    encode = type(DARTS).encode

    def spy(self: object, architectures: list, encoding: str) -> np.ndarray:
        encoded.append((len(architectures), encoding))
        return encode(self, architectures, encoding)

    monkeypatch.setattr(type(DARTS), "encode", spy)
    bench.query_many([ARCHITECTURE] * 3, noise_seed=1)
    assert encoded == [(3, "one_hot")]


# Networks add in single precision, several rows in another order than one.
@pytest.mark.parametrize(
    ("surrogate", "rtol"), [("linear", 1e-12), ("forest", 1e-12), ("kernel", 1e-12), ("gin", 1e-7)]
)
def test_many_curves_are_the_single_ones(tmp_path: Path, surrogate: str, rtol: float) -> None:
    bench = nasforge.load(write_every_kind(tmp_path), surrogate)
    architectures = [DARTS.sample(np.random.default_rng(seed)) for seed in range(5)]
    curves = bench.curve_many([architectures[0], *map(str, architectures[1:])])
    for architecture, curve in zip(architectures, curves, strict=True):
        np.testing.assert_allclose(curve, bench.curve(architecture), rtol=rtol)
    with pytest.raises(GenotypeError, match="use curve_many for several"):
        bench.curve(architectures)
    with pytest.raises(GenotypeError, match="use query_many for several"):
        bench.query(architectures, epoch=1)
    for one in (architectures[0], str(architectures[0])):
        with pytest.raises(GenotypeError, match="use curve for one"):
            bench.curve_many(one)
        with pytest.raises(GenotypeError, match="use query for one"):
            bench.query_many(one)


@pytest.mark.parametrize("n", [1, 40])
def test_forests_asked_together_answer_as_each_alone(tiny_benchmark: Path, n: int) -> None:
    bench = nasforge.load(tiny_benchmark, surrogate="forest")
    rng = np.random.default_rng(n)
    architectures = [DARTS.sample(rng) for _ in range(n)]
    together = bench.query_many(architectures)
    for target in bench.manifest.targets:
        alone = nasforge.load(tiny_benchmark, surrogate="forest")
        answer = alone.query_many(architectures, targets=[target])[target]
        assert "_joint" not in vars(alone)
        np.testing.assert_allclose(together[target], answer, rtol=1e-12)
    assert len(bench._joint._groups) == 1


@pytest.mark.parametrize("surrogate", ["linear", "forest"])
def test_numba_changes_no_answer(tiny_benchmark: Path, surrogate: str) -> None:
    bench = nasforge.load(tiny_benchmark, surrogate)
    rng = np.random.default_rng(3)
    architectures = [DARTS.sample(rng) for _ in range(90)]
    for group in (architectures, architectures[:1]):
        answer = bench.query_many(group, noise_seed=1)
        with numpy_alone():
            reference = bench.query_many(group, noise_seed=1)
        for name, values in reference.items():
            np.testing.assert_allclose(answer[name], values, rtol=1e-12)
            assert values.dtype.kind == "f" or (answer[name] == values).all()


def test_query_many_computes_only_the_targets_asked(bench: Benchmark) -> None:
    answer = bench.query_many([ARCHITECTURE], targets=["macs", "epistemic_std"])
    assert list(answer) == ["macs", "epistemic_std"]
    assert answer["macs"].dtype == np.int64
    assert answer["epistemic_std"].dtype == np.float64
    assert answer["epistemic_std"][0] == bench.query(ARCHITECTURE).epistemic_std


@pytest.mark.parametrize("surrogate", ["linear", "forest"])
def test_no_architectures_give_empty_arrays(tiny_benchmark: Path, surrogate: str) -> None:
    answer = nasforge.load(tiny_benchmark, surrogate).query_many([], noise_seed=1)
    assert {name: values.shape for name, values in answer.items()} == dict.fromkeys(FIELDS, (0,))


def test_draws_are_normal_around_the_prediction(bench: Benchmark) -> None:
    mean = bench.query(ARCHITECTURE)
    draws = [bench.query(ARCHITECTURE, noise_seed=seed) for seed in range(2000)]
    for name, std in (("val_accuracy", 0.01), ("test_accuracy", 0.02)):
        values = np.array([getattr(draw, name) for draw in draws])
        assert values.mean() == pytest.approx(getattr(mean, name), abs=4 * std / 2000**0.5)
        assert values.std() == pytest.approx(std, rel=0.08)
    log_times = np.log([draw.train_time_s for draw in draws])
    assert log_times.mean() == pytest.approx(np.log(mean.train_time_s), abs=0.2 / 2000**0.5)
    assert log_times.std() == pytest.approx(0.05, rel=0.08)
    correlation = np.corrcoef(*np.array([(d.val_accuracy, d.test_accuracy) for d in draws]).T)
    assert abs(correlation[0, 1]) < 0.1


def test_a_draw_is_a_function_of_network_and_seed(tiny_benchmark: Path, bench: Benchmark) -> None:
    first = bench.query(ARCHITECTURE, noise_seed=7)
    bench.query(ARCHITECTURE, noise_seed=8)
    assert nasforge.load(tiny_benchmark).query(ARCHITECTURE, noise_seed=7) == first
    others = [DARTS.sample(np.random.default_rng(seed)) for seed in range(1, 4)]
    many = bench.query_many([*others, ARCHITECTURE], noise_seed=np.int64(7))
    assert many["val_accuracy"][-1] == pytest.approx(first.val_accuracy, rel=1e-14)
    assert bench.query(ARCHITECTURE, noise_seed=8) != first


def test_networks_do_not_share_their_noise(bench: Benchmark) -> None:
    rng = np.random.default_rng(2)
    architectures = [DARTS.sample(rng) for _ in range(200)]
    mean = bench.query_many(architectures, ["val_accuracy"])["val_accuracy"]
    draws = [
        bench.query_many(architectures, ["val_accuracy"], noise_seed=seed)["val_accuracy"] - mean
        for seed in (0, 1)
    ]
    assert draws[0].std() == pytest.approx(0.01, rel=0.2)
    assert abs(np.corrcoef(*draws)[0, 1]) < 0.2


def test_a_draw_leaves_standard_deviations_and_costs_alone(bench: Benchmark) -> None:
    mean, draw = bench.query(ARCHITECTURE), bench.query(ARCHITECTURE, noise_seed=5)
    for name in ("noise_std", "epistemic_std", "params", "macs"):
        assert getattr(draw, name) == getattr(mean, name)


def with_noise(manifest: Manifest, target: str, **changes: float) -> Mapping[str, TargetEntry]:
    entry = manifest.targets[target]
    noise = dataclasses.replace(entry.noise, **changes) if changes else None
    return {**manifest.targets, target: dataclasses.replace(entry, noise=noise)}


def test_drawn_accuracies_stay_between_0_and_1(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    bench = nasforge.load(write_tiny(targets=with_noise(manifest, "val_accuracy", log_variance=2)))
    draws = [bench.query(ARCHITECTURE, noise_seed=seed).val_accuracy for seed in range(50)]
    assert min(draws) == 0.0
    assert max(draws) == 1.0


def test_noise_depends_on_the_prediction_by_the_slope(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    noise = {"log_variance": -4.0, "slope": -6.0}
    bench = nasforge.load(write_tiny(targets=with_noise(manifest, "val_accuracy", **noise)))
    answer = bench.query(ARCHITECTURE)
    assert answer.noise_std**2 == pytest.approx(np.exp(-4.0 - 6.0 * answer.val_accuracy))


def test_without_a_noise_model_there_is_no_draw(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    bench = nasforge.load(write_tiny(targets=with_noise(manifest, "val_accuracy")))
    assert bench.query(ARCHITECTURE).noise_std is None
    assert np.isnan(bench.query_many([ARCHITECTURE])["noise_std"]).all()
    with pytest.raises(NasforgeError, match=r"no noise model of val_accuracy.*leave noise_seed"):
        bench.query(ARCHITECTURE, noise_seed=1)


def test_without_calibration_there_is_no_epistemic_std(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    surrogates = json.loads(json.dumps(manifest.to_json()))["surrogates"]
    surrogates["linear"]["targets"]["val_accuracy"]["epistemic_scale"] = None
    folder = write_tiny()
    data = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**data, "surrogates": surrogates}))
    answer = nasforge.load(folder).query(ARCHITECTURE)
    assert answer.epistemic_std is None
    assert answer.noise_std is not None


def test_one_member_alone_has_no_epistemic_std(write_tiny: Callable[..., Path]) -> None:
    model = LinearPredictor(np.zeros((1, 150)), np.array([0.5]))
    folder = write_tiny({"linear.val_accuracy.npz": pack_arrays(model.to_arrays())})
    assert nasforge.load(folder).query(ARCHITECTURE).epistemic_std is None


@pytest.mark.parametrize("seed", [-1, 2**63, True, False, 1.0, "1"])
def test_a_noise_seed_out_of_range_is_refused(bench: Benchmark, seed: Any) -> None:
    with pytest.raises(NasforgeError, match="noise_seed: "):
        bench.query(ARCHITECTURE, noise_seed=seed)


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_ends_of_the_range_of_noise_seeds_are_allowed(bench: Benchmark, seed: int) -> None:
    assert bench.query(ARCHITECTURE, noise_seed=seed) != bench.query(ARCHITECTURE)


@pytest.mark.parametrize("several", [[ARCHITECTURE], np.zeros(22)])
def test_query_of_several_points_to_query_many(bench: Benchmark, several: Any) -> None:
    with pytest.raises(GenotypeError, match="use query_many for several"):
        bench.query(several)


@pytest.mark.parametrize("wrong", [None, 3, "normal:", b"normal:", (ARCHITECTURE, ARCHITECTURE)])
def test_what_is_no_architecture_is_refused(bench: Benchmark, wrong: Any) -> None:
    with pytest.raises(GenotypeError):
        bench.query(wrong)


def test_an_unknown_target_is_refused_with_the_known_ones(bench: Benchmark) -> None:
    with pytest.raises(NasforgeError, match=r"no target 'flops'; it has val_accuracy, .*macs"):
        bench.query_many([ARCHITECTURE], targets=["params", "flops"])


def test_an_unknown_surrogate_is_refused_with_the_known_ones(tiny_benchmark: Path) -> None:
    with pytest.raises(NasforgeError, match="no surrogate 'gin'; it has linear, forest"):
        nasforge.load(tiny_benchmark, surrogate="gin")


def test_another_fingerprint_is_refused(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    folder = write_tiny(space={**manifest.space, "fingerprint": "0" * 64})
    with pytest.raises(BenchmarkFormatError, match="another version of space 'darts'"):
        nasforge.load(folder)


@pytest.mark.parametrize("width", [149, 151])
def test_a_linear_model_of_another_width_is_refused(
    write_tiny: Callable[..., Path], width: int
) -> None:
    model = LinearPredictor(np.zeros((2, width)), np.zeros(2))
    folder = write_tiny({"linear.val_accuracy.npz": pack_arrays(model.to_arrays())})
    with pytest.raises(BenchmarkFormatError, match=f"{width} features"):
        nasforge.load(folder)


def test_a_forest_that_tests_a_feature_there_is_not_is_refused(
    write_tiny: Callable[..., Path], forest_arrays: dict[str, np.ndarray]
) -> None:
    feature = forest_arrays["feature"].copy()
    feature[0] = 150
    content = pack_arrays({**forest_arrays, "feature": feature})
    folder = write_tiny({"forest.val_accuracy.npz": content})
    with pytest.raises(BenchmarkFormatError, match="uses 151 features"):
        nasforge.load(folder, surrogate="forest")


def test_a_malformed_model_is_refused_with_its_path(write_tiny: Callable[..., Path]) -> None:
    folder = write_tiny({"linear.val_accuracy.npz": pack_arrays({"weights": np.zeros(3)})})
    with pytest.raises(BenchmarkFormatError, match=r"linear\.val_accuracy\.npz: a linear predict"):
        nasforge.load(folder)


def test_an_encoding_that_the_space_lacks_is_refused(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    linear = manifest.surrogates["linear"]
    targets = {
        target: dataclasses.replace(
            model, parts=(dataclasses.replace(model.parts[0], encoding="no_such"),)
        )
        for target, model in linear.targets.items()
    }
    folder = write_tiny(
        surrogates={**manifest.surrogates, "linear": SurrogateEntry(targets)},
        encodings={**manifest.encodings, "no_such": ""},
    )
    with pytest.raises(BenchmarkFormatError, match="no encoding 'no_such'"):
        nasforge.load(folder)


def test_of_an_unknown_network_no_costs_are_answered(write_tiny: Callable[..., Path]) -> None:
    bench = nasforge.load(write_tiny(network=None, evaluator="import", dataset={"dataset_id": "x"}))
    answer = bench.query(ARCHITECTURE)
    assert (answer.params, answer.macs) == (None, None)
    assert answer.val_accuracy > 0.0
    with pytest.raises(NasforgeError, match="has no target 'params'"):
        bench.query_many([ARCHITECTURE], targets=["params"])


def test_a_blend_is_the_weighted_mean_of_its_parts(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    parts = [
        dataclasses.replace(manifest.surrogates[name].targets["val_accuracy"].parts[0], weight=w)
        for name, w in (("linear", 0.25), ("forest", 0.75))
    ]
    targets = {
        target: dataclasses.replace(model, parts=tuple(parts))
        for target, model in manifest.surrogates["linear"].targets.items()
    }
    folder = write_tiny(surrogates={**manifest.surrogates, "blend": SurrogateEntry(targets)})
    blend, linear, forest = (
        nasforge.load(folder, surrogate=name).query(ARCHITECTURE).val_accuracy
        for name in ("blend", "linear", "forest")
    )
    assert blend == pytest.approx(0.25 * linear + 0.75 * forest)


def test_a_link_is_undone(write_tiny: Callable[..., Path], manifest: Manifest) -> None:
    linear = manifest.surrogates["linear"]
    model = linear.targets["val_accuracy"]
    part = dataclasses.replace(model.parts[0], link="log_error")
    targets = {**linear.targets, "val_accuracy": dataclasses.replace(model, parts=(part,))}
    folder = write_tiny(surrogates={**manifest.surrogates, "other": SurrogateEntry(targets)})
    features = DARTS.encode([ARCHITECTURE], "one_hot")
    members = unpack_arrays((folder / "linear.val_accuracy.npz").read_bytes(), "")
    values = features @ members["weights"].T + members["bias"]
    expected = np.clip((1.0 - np.exp(values)).mean(), 0.0, 1.0)
    answer = nasforge.load(folder, surrogate="other").query(ARCHITECTURE).val_accuracy
    assert answer == pytest.approx(expected)


HEAVY = (
    "torch torchvision pandas pyarrow scipy sklearn lightgbm xgboost matplotlib snakemake numba "
    "yaml jsonschema"
)
QUERY = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {HEAVY.split()!r}:
            raise ModuleNotFoundError(f"{{name}} is not to be imported", name=top)

sys.meta_path.insert(0, Blocker())
import numpy as np
import nasforge
from nasforge.benchmark.selftest import verify
from pathlib import Path

bench = nasforge.load(sys.argv[1])
architecture = bench.space.sample(np.random.default_rng(0))
print(bench.query(architecture, noise_seed=3).val_accuracy.hex())
verify(Path(sys.argv[1]), bench.space)
"""


def test_a_query_needs_nothing_but_numpy(tiny_benchmark: Path, bench: Benchmark) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUERY, str(tiny_benchmark)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    answer = bench.query(ARCHITECTURE, noise_seed=3)
    assert float.fromhex(done.stdout.strip()) == answer.val_accuracy


def test_no_architectures_get_no_answers(tmp_path: Path) -> None:
    folder = write_every_kind(tmp_path)
    for surrogate in nasforge.load(folder).manifest.surrogates:
        bench = nasforge.load(folder, surrogate)
        with numpy_alone():
            answers = bench.query_many([])
        assert {name: len(values) for name, values in answers.items()} == dict.fromkeys(answers, 0)
        assert answers.keys() == bench.query_many([ARCHITECTURE]).keys()
        assert answers["params"].dtype == np.int64
        assert bench.curve_many([]).shape == (0, 4)
    assert [DARTS.encode([], name).shape[0] for name in DARTS.encodings] == [0] * 5


@pytest.mark.parametrize("epoch", [0, 5, 1.0, "1", True])
def test_an_epoch_is_one_of_the_curve(tmp_path: Path, epoch: object) -> None:
    bench = nasforge.load(write_every_kind(tmp_path))
    with pytest.raises(NasforgeError, match=r"epoch: .* must be an integer from 1 to 4"):
        bench.query(ARCHITECTURE, epoch=epoch)
    with pytest.raises(NasforgeError, match=r"list of names, such as \['params'\]"):
        bench.query(ARCHITECTURE, epoch=1, targets="params")
