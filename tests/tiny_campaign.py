"""A tiny campaign, and Snakemake running it in a folder of its own."""

import copy
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[1]

TINY = {
    "name": "tiny",
    "dataset": {
        "source": "digits",
        "image_size": 8,
        "train_images": 60,
        "validation_images": 50,
        "test_images": 50,
    },
    "training": {
        "recipe": {
            "cells": 3,
            "channels": 2,
            "epochs": 2,
            "batch_size": 30,
            "learning_rate": 0.05,
        },
        "shard_size": 4,
    },
    "samplers": [
        {
            "name": "random",
            "optimizer": "random",
            "seed": 1,
            "generations": 2,
            "generation_size": 4,
        },
        {
            "name": "evolution",
            "optimizer": "regularized_evolution",
            "seed": 2,
            "generations": 2,
            "generation_size": 4,
            "settings": {"population_size": 4, "sample_size": 2},
        },
    ],
    "replicates": {"fraction": 0.5, "seeds": 2},
    "surrogates": {
        "targets": ["val_accuracy", "train_time_s"],
        "folds": 2,
        "tuning": {"trials": 2},
        "blend": {"parts": 2},
        "curve": {"components": 1},
        "families": {"mean": {}, "lightgbm": {"trees": 5, "min_leaf": 2}},
    },
    "export": {"name": "darts-tiny", "version": 1, "description": "A test."},
}


def merged(config: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Snakemake lays one --configfile over another."""
    both = config | over
    for key in config.keys() & over.keys():
        if isinstance(config[key], dict) and isinstance(over[key], dict):
            both[key] = merged(config[key], over[key])
    return both


class Run:
    """A working directory with a config, in which Snakemake runs this repository's workflow."""

    resources: tuple[str, ...] = ("--cores", "2")

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.config = copy.deepcopy(config)
        self.results = folder / "results" / config["name"]
        self.cache = folder / "results" / ".cache"

    def command(self, *options: str) -> list[str]:
        """The command line, after writing the config as it is now."""
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(self.config))
        return [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(REPOSITORY / "Snakefile"),
            "--directory",
            str(self.folder),
            "--configfile",
            str(file),
            *self.resources,
            *options,
        ]

    def snakemake(
        self, *options: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end, whatever comes of it; `variables` are added to the environment."""
        return subprocess.run(
            self.command(*options),
            capture_output=True,
            text=True,
            env=environment() | dict(variables or {}),
            check=False,
        )


def succeed(run: Run, *options: str, variables: Mapping[str, str] | None = None) -> str:
    """Output of a run that ends well."""
    process = run.snakemake(*options, variables=variables)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout + process.stderr


def fail(run: Run, *options: str) -> str:
    """Output of a run that does not, in words for users."""
    process = run.snakemake(*options)
    output = process.stdout + process.stderr
    assert process.returncode == 1, output
    assert "Traceback" not in output, output
    return output


def script_process(run: Run, script: str, variable: str = "") -> int | None:
    """The process that runs a job's script, told by its command line, and one of its variables."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode().split("\0")
            variables = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended
            continue
        mine = [part for part in command if part.endswith(script) and ".snakemake" in part]
        if not mine or "-c" in command or (variable and variable not in variables):
            continue
        if (folder / "cwd").resolve() == run.folder.resolve():
            return int(folder.name)
    return None


def environment() -> dict[str, str]:
    """Ours, with this interpreter's programs first, without pytest's and a surrounding make's."""
    foreign = ("PYTEST", "MAKE", "MFLAGS")  # a make in a make says more
    variables = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return variables | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def planned_jobs(output: str) -> dict[str, int]:
    """Jobs by rule in the "Job stats" table of a dry-run; {} if there is nothing to do."""
    if "Job stats:" not in output:
        assert "Nothing to be done" in output, output
        return {}
    table = output.split("Job stats:")[1].split("total")[0]
    rows = [line.split() for line in table.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
