"""A small benchmark with everything but a noise model of the training time."""

from pathlib import Path

import pytest
from tiny_benchmark import TARGETS, write_benchmark

import nasforge
from nasforge.benchmark import Benchmark


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_benchmark(tmp_path, TARGETS, noisy=("val_accuracy", "test_accuracy"))


@pytest.fixture
def bench(folder: Path) -> Benchmark:
    return nasforge.load(folder)
