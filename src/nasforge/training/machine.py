"""What a training ran on, for its row.

>>> device_name("cpu"), cpu_name(), software_versions()
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from nasforge.errors import ConfigError


def check_device(device: str) -> None:
    """Raise ConfigError unless trainings can run on `device`."""
    if device == "cpu":
        return
    number = torch.device(device).index or 0
    if number >= torch.cuda.device_count():
        raise ConfigError(
            f"execution.device: {device} is not there (PyTorch sees {torch.cuda.device_count()} "
            "GPUs); use cpu, or see nvidia-smi"
        )


def device_name(device: str) -> str:
    """`cpu` or the GPU's name."""
    return "cpu" if device == "cpu" else torch.cuda.get_device_name(device)


def cpu_name() -> str:
    """The processor's name as Linux knows it, else as Python does, with its cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.processor()} ({os.cpu_count()} cores)"


def software_versions() -> str:
    """Versions that bear on a result, as JSON."""
    versions = {name: version(name) for name in ("nasforge", "torch", "numpy")}
    return json.dumps({"python": platform.python_version(), **versions}, sort_keys=True)
