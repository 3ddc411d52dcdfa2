"""The pages that list optimizers' settings list all of them, with their defaults."""

from pathlib import Path

import pytest

from nasforge.optimizers import OPTIMIZERS, default_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_guide(name):
    lines = (ROOT / "docs" / "optimizers.md").read_text().splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{name}` |")]
    for key, value in default_settings(name).items():
        assert f"`{key}` {'none' if value is None else value}" in row


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if default_settings(name)])
def test_the_page_of_configs(name):
    lines = (ROOT / "config" / "README.md").read_text().splitlines()
    [row] = [line for line in lines if line.startswith(f"| with `{name}` |")]
    [choice] = [line for line in lines if line.startswith("| `samplers[].optimizer` |")]
    assert f"`{name}`" in choice
    for key, value in default_settings(name).items():
        if key != "predictor":  # an object, which no config can hold
            shown = [f"`{key}` ({value})", f"`{key}` (default {value})", f"`{key}` (null"]
            assert any(text in row for text in shown)
