"""The packaging files say the same thing, and importing nasforge stays light."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from nasforge.cli.parsing import EXTRAS as NAMED_EXTRAS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
HEAVY = {
    "torch",
    "torchvision",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "xgboost",
    "lightgbm",
    "matplotlib",
    "snakemake",
    "numba",
    "optuna",
    "syne_tune",
}
DOORS = ("nasbench301", "naslib", "optuna", "syne_tune")
DEPENDENCIES = {*PROJECT["dependencies"], *(d for ds in EXTRAS.values() for d in ds)}


def environment_extras() -> list[str]:
    (pip,) = (entry["pip"] for entry in ENVIRONMENT if isinstance(entry, dict))
    (line,) = pip
    return re.fullmatch(r"-e \.\[([a-z,]+)\]", line)[1].split(",")


def test_environment_python_starts_where_pyproject_does():
    (python,) = (e for e in ENVIRONMENT if isinstance(e, str) and e.startswith("python"))
    assert python.removeprefix("python").split(",")[0] == PROJECT["requires-python"]


def test_environment_extras_exist():
    assert set(environment_extras()) <= set(EXTRAS)


def test_makefile_installs_the_same_extras():
    makefile = (ROOT / "Makefile").read_text()
    extras = re.search(r"^EXTRAS := (\S+)$", makefile, re.MULTILINE)[1]
    assert extras.split(",") == environment_extras()
    assert 'pip install --disable-pip-version-check -e ".[$(EXTRAS)]"' in makefile
    assert f'pip install -e ".[{extras}]"' in (ROOT / "README.md").read_text()


def test_what_a_command_asks_for_is_in_the_extra_that_it_names():
    packages = {"yaml": "pyyaml"}
    for module, extra in NAMED_EXTRAS.items():
        names = [re.match(r"[\w-]+", dependency)[0] for dependency in EXTRAS[extra]]
        assert packages.get(module, module) in names


def test_citation_has_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


def test_the_library_needs_numpy_alone():
    assert [re.match(r"[\w-]+", d)[0] for d in PROJECT["dependencies"]] == ["numpy"]


@pytest.mark.parametrize("dependency", sorted(DEPENDENCIES))
def test_dependency_has_both_bounds(dependency):
    assert re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", dependency)


def test_ci_runs_make_test():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if re.match(r"\s*make\b", line)] == ["make test"]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": "bash .ci/run"}


@pytest.mark.parametrize(
    "module", ["nasforge", "nasforge.cli", *(f"nasforge.interop.{door}" for door in DOORS)]
)
def test_import_is_light(module):
    code = f"import {module}, sys; print(*({HEAVY} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def planned_report(config: Path) -> str:
    """Where `make benchmark` writes the report."""
    command = ["make", "--dry-run", "benchmark", f"CONFIG={config}"]
    plan = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return re.search(r"--report (\S+) --report-after-run", plan.stdout)[1]


@pytest.mark.parametrize("config", ["config", "workstation", "nb301"])
def test_make_benchmark_names_the_results_of_its_config(config: str) -> None:
    file = ROOT / f"config/{config}.yaml"
    name = yaml.safe_load(file.read_text())["name"]
    assert planned_report(file) == f"results/{name}/report.html"


@pytest.mark.parametrize("text", ["mine-2", "'mine-2'", '"mine-2"', "  'mine-2'   # a name"])
def test_make_benchmark_reads_a_name_as_yaml_does(tmp_path: Path, text: str) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text(f"name: {text}\ntraining: {{}}\n")
    assert yaml.safe_load(config.read_text())["name"] == "mine-2"
    assert planned_report(config) == "results/mine-2/report.html"
