"""The export stage: fitted ensembles become a frozen benchmark.

    >>> export(DARTS, spec, sources, record_files, folder)

The same inputs and library versions give the same bytes on the same kind of processor.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import narrowed, pack_arrays
from nasforge.benchmark.benchmark import SELFTEST_FILE
from nasforge.benchmark.card import CARD_FILE, format_card
from nasforge.benchmark.fingerprint import golden_architectures
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.rounding import rounded
from nasforge.benchmark.selftest import SELFTEST_ARCHITECTURES, selftest_arrays
from nasforge.benchmark.support import SUPPORT_FILE, Support
from nasforge.space import SearchSpace
from nasforge.surrogates.curves import read_curve_model
from nasforge.surrogates.describing import ExportSources, ExportSpec, describe
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.model_entries import arrays_file, exported_models
from nasforge.surrogates.selection import Selection


def export(
    space: SearchSpace,
    spec: ExportSpec,
    sources: ExportSources,
    record_files: Mapping[tuple[str, str], Path],
    folder: Path,
    curve_record: Path | None = None,
) -> Path:
    """Write `<folder>/<name>-v<version>/`.

    Args:
        space: Where the architectures are from.
        spec: Name, version, description and licence.
        sources: What else is read.
        record_files: Records of the fit stage by (surrogate, target).
        folder: Parent of the benchmark's folder.
        curve_record: Record of `fit_curve`; None for a benchmark without learning curves.

    Returns:
        The benchmark's folder.
    """
    selection = Selection.read(sources.selection)
    models = {key: read_model(file) for key, file in record_files.items()}
    curve = None if curve_record is None else read_curve_model(curve_record)
    manifest = rounded(describe(space, spec, sources, selection, models, curve))
    exported = exported_models(models, selection)
    # A blend's parts may be surrogates of their own too, which then share a file with it.
    files = {
        arrays_file(part.name, target): pack_arrays(narrowed(part.predictor.to_arrays()))
        for (_, target), model in exported.items()
        for part in model.parts
    }
    if curve is not None:
        basis = {"mean": curve.mean, "components": curve.components}
        files[manifest.curve.basis] = pack_arrays(basis)
        for entry, part in zip(manifest.curve.parts, curve.parts, strict=True):
            files[entry.file] = pack_arrays(narrowed(part.predictor.to_arrays()))
    golden = golden_architectures(space, SELFTEST_ARCHITECTURES)
    files[SELFTEST_FILE] = pack_arrays(selftest_arrays(space, golden, manifest, exported))
    files[SUPPORT_FILE] = pack_arrays(_support_arrays(space, sources.development))
    files[CARD_FILE] = format_card(manifest).encode()
    return write_frozen(folder, manifest, files)


def _support_arrays(space: SearchSpace, development: Path) -> dict[str, np.ndarray]:
    texts = sorted(set(pd.read_parquet(development, columns=["architecture"])["architecture"]))
    vectors = np.stack([space.to_vector(space.canonical(space.parse(text))) for text in texts])
    support = Support.of(vectors)
    return {"vectors": support.vectors, "nearest": support.nearest}
