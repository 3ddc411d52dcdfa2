"""The shipped profiles agree, and every job that may leave this machine says what it needs."""

import re
from collections.abc import Callable

import pytest
import yaml
from tiny_campaign import REPOSITORY, Run

LOCAL_ONLY = {"resources"}
SLURM = REPOSITORY / "profiles/slurm"
SLURM_ONLY = {
    "executor",
    "jobs",
    "local-cores",
    "retries",
    "slurm-requeue",
    "slurm-jobname-prefix",
    "latency-wait",
}


def profile(name: str) -> dict[str, object]:
    return yaml.safe_load((REPOSITORY / f"profiles/{name}/config.yaml").read_text())


def test_slurm_repeats_the_default_profile_which_it_replaces() -> None:
    default, slurm = profile("default"), profile("slurm")
    assert slurm.keys() - default.keys() == SLURM_ONLY
    assert default.keys() - slurm.keys() == LOCAL_ONLY
    assert all(slurm[key] == default[key] for key in default.keys() & slurm.keys())


def test_slurm_leaves_to_the_site_what_is_the_sites() -> None:
    # A key here would replace all of what a site's own profile says under it.
    assert not {"default-resources", "set-resources", "resources"} & profile("slurm").keys()


def test_every_job_that_leaves_this_machine_says_what_it_needs(
    new_run: Callable[..., Run],
) -> None:
    process = new_run().snakemake("--dry-run", "all", "studies")
    assert process.returncode == 0, process.stdout + process.stderr
    jobs = re.findall(r"(?m)^rule (\w+):\n((?:    .*\n)+)", process.stdout + process.stderr)
    needs = {
        rule: re.search(r"resources: (.*)", text)[1]
        for rule, text in jobs
        if "output:" in text and rule not in local_rules()
    }
    assert needs.keys() >= {"train_shard", "collect_campaign", "fit_family", "study_coverage"}
    for rule, resources in needs.items():
        assert re.search(r"\bmem_mb=\d+", resources), rule
        assert re.search(r"\bruntime=\d+", resources), rule


@pytest.mark.parametrize(("attempt", "runtime"), [(2, 960), (4, 1440)])
def test_the_documented_sites_profile_asks_for_more_by_attempt_and_never_too_much(
    new_run: Callable[..., Run], attempt: int, runtime: int
) -> None:
    run = new_run()
    page = (REPOSITORY / "docs/cluster.md").read_text()
    (run.folder / "site").mkdir()
    (run.folder / "site/config.yaml").write_text(
        re.search(r"(?s)```yaml\n(default-resources.*?)```", page)[1]
    )
    profiles = ("--profile", str(run.folder / "site"), "--workflow-profile", str(SLURM))
    process = run.snakemake("--dry-run", *profiles, "--attempt", str(attempt))
    assert process.returncode == 0, process.stdout + process.stderr
    jobs = re.findall(r"(?m)^rule train_shard:\n(?:    .*\n)*?    resources: (.*)", process.stdout)
    assert jobs
    for resources in jobs:
        assert f"runtime={runtime}," in resources
        assert f"mem_mb={4000 * attempt}," in resources


def local_rules() -> set[str]:
    """Rules that never leave the machine of the run; a dry-run does not tell."""
    text = "".join(path.read_text() for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"(?ms)^ *rule (\w+):(.*?)(?=^ *rule |\Z)", text)
    return {name for name, body in rules if "localrule: True" in body}
