"""Which backend trains, and that both end up in the same place."""

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training import backends
from nasforge.training.backends import make_trainer, resolve_backend
from nasforge.training.dataset import ImageSet
from nasforge.training.loop import train_network
from nasforge.training.native.build import NativeEngineError


def no_compiler() -> None:
    raise NativeEngineError("found no C++ compiler")


def test_auto_is_native_where_it_can_be(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "library_path", lambda: "engine.so")
    monkeypatch.setattr(backends, "load_engine", lambda path: None)
    assert resolve_backend("auto", recipe, "cpu") == "native"
    assert resolve_backend("torch", recipe, "cpu") == "torch"
    assert resolve_backend("auto", recipe, "cuda") == "torch"
    bf16 = dataclasses.replace(recipe, precision="bf16")
    assert resolve_backend("auto", bf16, "cpu") == "torch"


def test_auto_says_why_it_is_not_native(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backends, "library_path", no_compiler)
    with caplog.at_level(logging.WARNING):
        assert resolve_backend("auto", recipe, "cpu") == "torch"
    assert caplog.messages == ["training with PyTorch: found no C++ compiler"]


def test_an_engine_that_cannot_be_loaded_is_none(
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    (tmp_path / "engine.so").touch()
    monkeypatch.setattr(backends, "library_path", lambda: tmp_path / "engine.so")
    assert resolve_backend("auto", recipe, "cpu") == "torch"
    assert "cannot be loaded" in caplog.text
    with pytest.raises(NativeEngineError, match="delete the file"):
        resolve_backend("native", recipe, "cpu")


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [
        ("cuda", "fp32", "native runs on the cpu, not on cuda"),
        ("cpu", "bf16", "native trains in fp32, not bf16"),
        ("cpu", "fp32", r"found no C\+\+ compiler"),
    ],
)
def test_native_is_refused_with_the_reason(
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    precision: str,
    message: str,
) -> None:
    monkeypatch.setattr(backends, "library_path", no_compiler)
    changed = dataclasses.replace(recipe, precision=precision)
    with pytest.raises(NativeEngineError, match=message):
        resolve_backend("native", changed, device)


def test_both_backends_train_the_same_network(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    try:
        assert resolve_backend("native", recipe, "cpu") == "native"
    except NativeEngineError as error:
        pytest.skip(f"no engine: {error}")
    full = dataclasses.replace(recipe, epochs=2, mixup=0.2, cutout=2, drop_path=0.1, nesterov=True)
    torch, native = (
        train_network(genotype, full, images, seed=1, backend=backend)
        for backend in ("torch", "native")
    )
    # Rounding grows with every step; after six the losses still agree.
    for one, other in zip(torch.curve, native.curve, strict=True):
        assert other.train_loss == pytest.approx(one.train_loss, rel=2e-3)
        assert other.val_loss == pytest.approx(one.val_loss, rel=2e-2)
    initial = {
        backend: make_trainer(backend, genotype, full, images, 1, "cpu").evaluate("validation")
        for backend in ("torch", "native")
    }
    np.testing.assert_allclose(initial["native"], initial["torch"], rtol=1e-5)
