"""What a training ran on, for its row.

>>> device_name("cpu"), cpu_name(), software_versions()
"""

import json
import os
import platform
from contextlib import suppress
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


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The first processor's name, family and model as Linux knows them, and how many cores.

    Virtual machines hide the name: processors of several generations, one three times as fast as
    the other, were all "AMD EPYC". The numbers tell them apart. Elsewhere it is what Python knows.
    """
    fields = {}
    with suppress(OSError):
        first = cpuinfo.read_text(encoding="utf-8").partition("\n\n")[0]
        lines = [line.partition(":") for line in first.splitlines()]
        fields = {name.strip(): value.strip() for name, _, value in lines}
    name = fields.get("model name") or platform.processor()
    details = [
        f"{title} {fields[field]}"
        for title, field in (("family", "cpu family"), ("model", "model"))
        if field in fields
    ]
    return f"{name} ({', '.join([*details, f'{os.cpu_count()} cores'])})"


def software_versions() -> str:
    """Versions that bear on a result, as JSON."""
    versions = {name: version(name) for name in ("nasforge", "torch", "numpy")}
    return json.dumps({"python": platform.python_version(), **versions}, sort_keys=True)
