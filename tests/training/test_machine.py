"""What an evaluation says of the machine it was trained on."""

import os
import platform
from pathlib import Path

import pytest

from nasforge.training.machine import cpu_name

GENERATIONS = {25: "AMD EPYC (family 25, model 1, ", 26: "AMD EPYC (family 26, model 1, "}


@pytest.mark.parametrize("family", GENERATIONS)
def test_two_generations_under_one_name_are_two_processors(tmp_path: Path, family: int) -> None:
    fields = {"processor": 0, "cpu family": family, "model": 1, "model name": "AMD EPYC"}
    first = "".join(f"{name}\t: {value}\n" for name, value in fields.items())
    file = tmp_path / "cpuinfo"
    file.write_text(first + "\nprocessor\t: 1\nmodel\t: 99\n")
    assert cpu_name(file) == f"{GENERATIONS[family]}{os.cpu_count()} cores)"


def test_without_cpuinfo_it_is_what_python_knows(tmp_path: Path) -> None:
    expected = f"{platform.processor()} ({os.cpu_count()} cores)"
    assert cpu_name(tmp_path / "absent") == expected
