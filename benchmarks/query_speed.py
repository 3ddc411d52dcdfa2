"""How fast frozen benchmarks answer, against the libraries their ensembles were fitted with.

    python benchmarks/query_speed.py            # ten members, three targets, all families: minutes
    python benchmarks/query_speed.py --quick    # trees alone, fewer rounds: about a minute

Ensembles of every family's default settings, ten members for each of three targets, fitted on 960
genotypes with simulated labels: speed depends on the sizes of trees and matrices, not on what was
learned (networks are trained for one epoch). `query` is from a genotype to a Prediction, `text`
from its text; canonical form, encoding and prediction are parts of the work (graph features need
no canonical form, and no query makes one it does not need). The peers get features that are
encoded already, and answer the same members: lightgbm's and xgboost's own predict, and ONNX
Runtime where the model converts, all on one thread; the last columns are their time over our
prediction's. Times are processor times, medians of rounds that take turns.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import numpy as np
from turns import Run, medians, plain

from nasforge import Benchmark, load
from nasforge.accelerator import kernels
from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.entries import (
    ModelEntry,
    NoiseModel,
    PartEntry,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.fingerprint import describe_space, encoding_fingerprint
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded
from nasforge.benchmark.predictors import Predictor
from nasforge.benchmark.targets import IDENTITY, TARGETS
from nasforge.recipe import NetworkShape
from nasforge.space import DARTS
from nasforge.space.darts.arrays import to_array
from nasforge.space.darts.canonical import canonical_array
from nasforge.surrogates.families import FAMILIES, lightgbm_trees, xgboost_trees

MEMBERS, ROWS = 10, 960
QUERIED = ("val_accuracy", "test_accuracy", "train_time_s")
TREES = ("lightgbm", "xgboost")
OTHERS = ("random_forest", "linear", "gaussian_process", "gin", "mlp")
SETTINGS = {"gin": {"epochs": 1}, "mlp": {"epochs": 1}}
NUMBA = kernels("nasforge.benchmark.predictors.forest_kernels") is not None
SHAPE = NetworkShape(cells=3, channels=8, image_size=16, classes=10)


class Peers:
    """The libraries' own models of what `FAMILIES` fits."""

    def __init__(self) -> None:
        self.boosters: dict[str, list] = {name: [] for name in TREES}
        self.scales: dict[str, list[tuple[float, float]]] = {name: [] for name in TREES}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep every booster that is turned into arrays."""

        def keep(family: str, convert: Callable) -> Callable:
            def wrapper(booster: object, base: float, unit: float = 1.0) -> Predictor:
                self.boosters[family].append(booster)
                self.scales[family].append((base, unit))
                return convert(booster, base, *([unit] if family == "xgboost" else []))

            return wrapper

        with (
            mock.patch.object(
                lightgbm_trees,
                "forest_from_lightgbm",
                keep("lightgbm", lightgbm_trees.forest_from_lightgbm),
            ),
            mock.patch.object(
                xgboost_trees,
                "forest_from_xgboost",
                keep("xgboost", xgboost_trees.forest_from_xgboost),
            ),
        ):
            yield

    def check(self, family: str, peer: Callable, models: list[Predictor], x: np.ndarray) -> None:
        """Stop if a peer does not answer what our predictors answer."""
        answers = np.concatenate([model.predict(x) for model in models], axis=1)
        pairs = zip(peer(x), self.scales[family], strict=True)
        theirs = [base + unit * np.ravel(value) for value, (base, unit) in pairs]
        np.testing.assert_allclose(np.stack(theirs, axis=1), answers, atol=2e-6)

    def own(self, family: str) -> Callable[[np.ndarray], object]:
        boosters = self.boosters[family]
        if family == "lightgbm":
            return lambda x: [booster.predict(x, num_threads=1) for booster in boosters]
        for booster in boosters:
            booster.set_param({"nthread": 1})
        return lambda x: [booster.inplace_predict(x) for booster in boosters]

    def onnx(self, family: str) -> Callable[[np.ndarray], object] | str:
        """ONNX Runtime on the same members, or why not."""
        try:
            import onnxmltools
            import onnxruntime
            from onnxmltools.convert.common.data_types import FloatTensorType
        except ImportError as error:
            return f"not installed ({error.name})"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        convert = getattr(onnxmltools, f"convert_{family}")
        columns = len(DARTS.feature_names(FAMILIES[family].encoding_for(DARTS)))
        kind = [("x", FloatTensorType([None, columns]))]
        sessions = []
        try:
            for booster in self.boosters[family]:
                if family == "xgboost":  # the converter knows columns as f0, f1, ...
                    booster.feature_names = None
                model = convert(booster, initial_types=kind, target_opset=15)
                content = model.SerializeToString()
                sessions.append(onnxruntime.InferenceSession(content, options))
        except Exception as error:  # whatever a converter does not like, we only report
            return f"does not convert ({type(error).__name__}: {str(error)[:80]})"
        return lambda x: [session.run(None, {"x": x}) for session in sessions]


def simulated(seed: int) -> tuple[list, np.ndarray]:
    """Genotypes and labels [n, targets], a random linear function of features with noise."""
    rng = np.random.default_rng(seed)
    genotypes = [DARTS.sample(rng) for _ in range(ROWS)]
    features = DARTS.encode(genotypes, "graph_features").astype(np.float64)
    features -= features.mean(axis=0)
    features /= np.maximum(features.std(axis=0), 1e-6)
    signal = features @ rng.normal(size=(features.shape[1], len(QUERIED)))
    signal /= signal.std(axis=0)
    return genotypes, 0.5 + 0.02 * signal + 0.01 * rng.normal(size=signal.shape)


def fitted(family: str, genotypes: list, labels: np.ndarray) -> dict[str, Predictor]:
    """Ensembles by target; a member sees 4 of 5 rows."""
    kind = FAMILIES[family]
    features = DARTS.encode(genotypes, kind.encoding_for(DARTS))
    ensembles = {}
    for target, values in zip(QUERIED, labels.T, strict=True):
        members = []
        for seed in range(MEMBERS):
            rows = np.random.default_rng(seed).permutation(ROWS)[: ROWS * 4 // 5]
            settings = SETTINGS.get(family, {})
            data = features[rows], values[rows]
            members.append(kind.fit(*data, seed, DARTS.graph_layout, **settings))
        ensembles[target] = kind.predictor.stack(members)
    return ensembles


def frozen(folder: Path, models: dict[str, dict[str, Predictor]]) -> Path:
    """A benchmark with these surrogates."""
    noise = NoiseModel(2 * np.log(0.01), 0.0, architectures=60, evaluations=180)
    surrogates, encodings = {}, {}
    for family, ensembles in models.items():
        encoding = FAMILIES[family].encoding_for(DARTS)
        encodings[encoding] = encoding_fingerprint(DARTS, encoding)
        entries = {}
        for target, model in ensembles.items():
            file = f"{family}.{target}.npz"
            part = PartEntry(model.kind, file, encoding, IDENTITY.name, weight=1.0)
            entries[target] = ModelEntry((part,), 1.0, ())
        surrogates[family] = SurrogateEntry(entries)
    manifest = Manifest(
        name="sim-speed",
        version=1,
        description="For benchmarks/query_speed.py.",
        space=describe_space(DARTS),
        recipe={"recipe_id": "none"},
        dataset={"dataset_id": "none"},
        network=asdict(SHAPE),
        evaluator="simulate",
        encodings=encodings,
        targets={
            name: TargetEntry(TARGETS[name].unit, TARGETS[name].scale.name, noise)
            for name in QUERIED
        },
        surrogates=surrogates,
        selected=next(iter(models)),
        curve=None,
        training_set={"evaluations": ROWS, "architectures": ROWS},
        noise_key=1,
        best_known={"architecture": DARTS.format(DARTS.from_vector([0] * len(DARTS.variables)))},
        software={},
        licence="none",
        citation="none",
        files={},
    )
    files = {
        f"{family}.{target}.npz": pack_arrays(model.to_arrays())
        for family, ensembles in models.items()
        for target, model in ensembles.items()
    }
    return write_frozen(folder, manifest, files)


def both(runs: dict[str, Run]) -> dict[str, Run]:
    """With numba and with numpy alone, or the latter."""
    numpy = {f"{name}, numpy": plain(run) for name, run in runs.items()}
    return {**runs, **numpy} if NUMBA else numpy


def predictors(bench: Benchmark) -> list[Predictor]:
    """One ensemble per target."""
    return [model.parts[0].predictor for model in bench._models.values()]


def predict_all(bench: Benchmark, encoding: str, features: np.ndarray) -> list[np.ndarray]:
    """What a query does with encoded features: all targets' members."""
    encoded = Encoded(DARTS, [])
    encoded._features[encoding] = features
    bench._joint.ask(encoded)
    return [model.predict(encoded) for model in bench._models.values()]


def time_single(bench: Benchmark, few: list, peers: dict, rounds: int) -> dict[str, float]:
    """Of one at a time; a round goes through all of `few`."""
    [encoding] = bench.manifest.surrogates[bench.surrogate].encodings
    features = [DARTS.encode([g], encoding) for g in few]
    texts = [DARTS.format(g) for g in few]
    ours = {
        "query": lambda: [bench.query(g) for g in few],
        "text": lambda: [bench.query(text) for text in texts],
        "encoding": lambda: [DARTS.encode([g], encoding) for g in few],
        "prediction": lambda: [predict_all(bench, encoding, x) for x in features],
    }
    runs = both(ours) | {"canonical": lambda: [DARTS.canonical(g) for g in few]}
    runs |= {name: lambda p=peer: [p(x) for x in features] for name, peer in peers.items()}
    return medians(runs, rounds, len(few))


def time_many(bench: Benchmark, genotypes: list, peers: dict, rounds: int) -> dict[str, float]:
    """Of all at once."""
    [encoding] = bench.manifest.surrogates[bench.surrogate].encodings
    features = DARTS.encode(genotypes, encoding)
    ours = {
        "query": lambda: bench.query_many(genotypes),
        "encoding": lambda: DARTS.encode(genotypes, encoding),
        "prediction": lambda: predict_all(bench, encoding, features),
    }
    runs = both(ours) | {"canonical": lambda: canonical_array(to_array(genotypes))}
    runs |= {name: lambda p=peer: p(features) for name, peer in peers.items()}
    return medians(runs, rounds, len(genotypes))


def report(family: str, how: str, times: dict[str, float], peers: dict) -> None:
    parts = ("query", "text", "canonical", "encoding", "prediction")
    for engine in ("numba", "numpy") if NUMBA else ("numpy",):
        suffix = "" if engine == "numba" else ", numpy"
        row = f"{family:17}{how:7}{engine:6}"
        for part in parts:
            value = times.get(part + suffix, times.get(part) if part == "canonical" else None)
            row += f"{value:11.1f}" if value is not None else f"{'':11}"
        for peer in peers:
            ratio = times[peer] / times[f"prediction{suffix}"]
            row += f"{times[peer]:11.1f} {ratio:6.1f}x"
        print(row, flush=True)


def load_times(folder: Path, family: str, rounds: int) -> tuple[float, float]:
    """Milliseconds of loading, and of the first query after it (numba imported already)."""
    genotype = DARTS.sample(np.random.default_rng(0))
    loads, firsts = [], []
    for _ in range(rounds):
        start = time.process_time()
        bench = load(folder, surrogate=family)
        loads.append(time.process_time() - start)
        bench.query(genotype)
        firsts.append(time.process_time() - start - loads[-1])
    return 1e3 * statistics.median(loads), 1e3 * statistics.median(firsts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="trees alone, fewer rounds")
    quick = parser.parse_args().quick
    number, few, rounds = (1_000, 20, 3) if quick else (10_000, 50, 3)
    libraries = Peers()
    genotypes, labels = simulated(0)
    with libraries.watching():
        families = TREES if quick else (*TREES, *OTHERS)
        models = {family: fitted(family, genotypes, labels) for family in families}
    rng = np.random.default_rng(1)
    asked = [DARTS.sample(rng) for _ in range(number)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = frozen(Path(temporary), models)
        print(
            "us per architecture, three targets of ten members; peers: time, over our prediction's"
        )
        header = ("query", "text", "canonical", "encoding", "prediction")
        print(f"{'':30}" + "".join(f"{name:>11}" for name in header), end="")
        print(f"{'own':>11}{'':8}{'ONNX':>11}")
        for family in families:
            peers, onnx = {}, None
            if family in TREES:
                peers["own"], onnx = libraries.own(family), libraries.onnx(family)
                if not isinstance(onnx, str):
                    peers["onnx"] = onnx
            bench = load(folder, surrogate=family)
            for peer in peers.values():
                x = DARTS.encode(asked[:50], FAMILIES[family].encoding_for(DARTS))
                libraries.check(family, peer, predictors(bench), x)
            report(family, "one", time_single(bench, asked[:few], peers, rounds), peers)
            some = (
                asked
                if family in TREES or family == "linear"
                else asked[: 1_000 if family == "random_forest" else 200]
            )
            report(family, f"{len(some):,}", time_many(bench, some, peers, rounds), peers)
            if isinstance(onnx, str):
                print(f"{family}: ONNX Runtime {onnx}")
        print("ms to load; ms of the first query after it; MB of arrays")
        for family in families:
            loading, first = load_times(folder, family, 5)
            size = sum(path.stat().st_size for path in folder.glob(f"{family}.*")) / 1e6
            print(f"{family:17}{loading:8.1f}{first:8.1f}{size:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
