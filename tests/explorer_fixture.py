"""What the JavaScript's own tests compare with: explorer/test/every_kind.json.

$ PYTHONPATH=tests python -m explorer_fixture    # writes it anew
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from every_kind import write_every_kind

import nasforge
from nasforge.benchmark.frozen import read_manifest
from nasforge.explorer.answering import answering
from nasforge.explorer.container import pack
from nasforge.space import DARTS

FILE = Path(__file__).parents[1] / "explorer/test/every_kind.json"
ARCHITECTURES = 20


def cases() -> list[dict[str, Any]]:
    """Every surrogate of the benchmark of every kind, and what it answers."""
    with tempfile.TemporaryDirectory() as parent:
        folder = write_every_kind(Path(parent))
        manifest = read_manifest(folder)
        return [_case(folder, manifest, name) for name in manifest.surrogates]


def _case(folder: Path, manifest: Any, surrogate: str) -> dict[str, Any]:
    bench = nasforge.load(folder, surrogate)
    rng = np.random.default_rng(7)
    genotypes = [DARTS.sample(rng) for _ in range(ARCHITECTURES)]
    return {
        "surrogate": surrogate,
        "packed": pack({"model": answering(folder, manifest, surrogate)}),
        "answers": [_answer(bench, manifest, genotype) for genotype in genotypes],
    }


def _answer(bench: Any, manifest: Any, genotype: Any) -> dict[str, Any]:
    prediction = bench.query(genotype)
    return {
        "architecture": str(genotype),
        "canonical": str(DARTS.canonical(genotype)),
        "targets": {target: getattr(prediction, target) for target in manifest.targets},
        "noise_std": prediction.noise_std,
        "epistemic_std": prediction.epistemic_std,
        "params": prediction.params,
        "macs": prediction.macs,
        "curve": bench.curve(genotype).tolist(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=1) + "\n", encoding="utf-8")
