"""A simulated campaign of the paper's size: where the time goes, by stage, and whether it grows.

    $ snakemake --cores 2 --configfile config/release.yaml config/release_tuned.json  # once
    $ python benchmarks/full_size.py                    # config/nb301.yaml: 60,000 evaluations
    $ python benchmarks/full_size.py --generations 4    # the first 4 of its 50 generations
    $ python benchmarks/full_size.py --fit xgboost gin  # other fits than linear and LightGBM

Runs a dry-run, and then the real workflow up to the fits of all targets by some families, in a new
folder with an empty cache. What a job took is the last line of its log; what Snakemake itself
took is the rest. Memory of all processes together is looked at twice a second.
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

REPOSITORY = Path(__file__).parents[1]
CONFIGS = [REPOSITORY / "config/nb301.yaml", REPOSITORY / "config/full_size.yaml"]
COUNTS = (1_000, 4_000, 16_000)
TOOK = re.compile(r"took ([\d.]+) s, ([\d.]+) s of processor, at most (\d+) MiB")
EVALUATED = re.compile(r"^\S+ \S+ INFO \d+/\d+ [0-9a-f]{16} simulated: ", re.MULTILINE)
STAGES = {
    r"simulate\.log": "describe the simulation",
    r"sample/.*-replicates\.log": "choose replicates",
    r"sample/.*": "sample",
    r"simulate/.*": "simulate",
    r"collect/.*": "collect a generation",
    r"collect\.log": "collect the campaign",
    r"split\.log": "split",
    r"fit/.*": "fit",
}
"""What a log file's place under logs/ says of its job's stage; fits are told apart by family."""
GROWING = ("choose replicates", "sample", "simulate", "collect a generation")


@dataclass(frozen=True)
class Job:
    """What one job's log says.

    Attributes:
        stage: One of `STAGES`, or "fit <family>".
        ended_s: When, in seconds since the epoch.
        wall_s: By the clock, without the start of Python.
        cpu_s: Of the processor.
        peak_mib: The most memory it had.
        evaluations: How many it simulated.
    """

    stage: str
    ended_s: float
    wall_s: float
    cpu_s: float
    peak_mib: int
    evaluations: int


@dataclass(frozen=True)
class Command:
    """What a run of Snakemake took, with its jobs.

    Attributes:
        start_s: When, in seconds since the epoch.
        wall_s: By the clock.
        cpu_s: Of the processor.
        held_mib: The most memory that all of its processes had at a time.
    """

    start_s: float
    wall_s: float
    cpu_s: float
    held_mib: float


class Campaign:
    """The layered configs in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        configs: list[Path],
        families: list[str],
        generations: int | None = None,
        shard_size: int | None = None,
    ) -> None:
        self.folder = folder
        self._configs = configs
        self._families = families
        layers = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in configs]
        sections: dict[str, Any] = defaultdict(dict)
        for layer in layers:
            for key, value in layer.items():
                sections[key] = sections[key] | value if isinstance(value, dict) else value
        self._name = sections["name"]
        self._targets = sections["surrogates"]["targets"]
        benchmark = Path(sections["training"]["simulate"]["benchmark"])
        # The run has a folder of its own, so paths are made absolute.
        here: dict[str, Any] = {"training": {"simulate": {"benchmark": str(benchmark.resolve())}}}
        if shard_size is not None:
            here["training"]["shard_size"] = shard_size
        if generations is not None:
            here["samplers"] = [
                sampler | {"generations": min(generations, sampler["generations"])}
                for sampler in sections["samplers"]
            ]
        folder.mkdir(parents=True)
        (folder / "here.yaml").write_text(yaml.safe_dump(here), encoding="utf-8")

    def snakemake(self, cores: int, *options: str) -> Command:
        """Run it to the end; its output goes to snakemake.log.

        Raises:
            SystemExit: It failed.
        """
        fits = [
            f"results/{self._name}/fit/{family}/{target}.json"
            for family in self._families
            for target in self._targets
        ]
        split = f"results/{self._name}/split/development.parquet"
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", REPOSITORY / "Snakefile",
            "--directory", self.folder, "--cores", str(cores), "--configfile", *self._configs,
            self.folder / "here.yaml", *options, "--", split, *fits,
        ]  # fmt: skip
        log = self.folder / "snakemake.log"
        before, start_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        with log.open("a", encoding="utf-8") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
            with Watch(process.pid) as watch:
                process.wait()
        if process.returncode:
            sys.exit(f"Snakemake failed, see {log}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Command(start_s, time.time() - start_s, cpu_s, watch.held_mib)

    def jobs(self) -> list[Job]:
        """All that ran, in the order in which they ended."""
        return sorted(self._read_logs(), key=lambda job: job.ended_s)

    def _read_logs(self) -> Iterator[Job]:
        logs = self.folder / "results" / self._name / "logs"
        for path in logs.rglob("*.log"):
            place = path.relative_to(logs).as_posix()
            stage = next(name for pattern, name in STAGES.items() if re.fullmatch(pattern, place))
            if stage == "fit":
                stage = f"fit {path.parent.name}"
            text = path.read_text(encoding="utf-8")
            wall_s, cpu_s, peak_mib = TOOK.findall(text)[-1]
            yield Job(
                stage, path.stat().st_mtime, float(wall_s), float(cpu_s), int(peak_mib),
                len(EVALUATED.findall(text)),
            )  # fmt: skip


class Watch:
    """The most memory that a process and those it started hold together (shared pages twice)."""

    def __init__(self, pid: int) -> None:
        self.held_mib = 0.0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.5):
            held = 0
            try:
                for process in [self._process, *self._process.children(recursive=True)]:
                    held += process.memory_info().rss
            except psutil.NoSuchProcess:  # a job that ended meanwhile; the next look counts
                continue
            self.held_mib = max(self.held_mib, held / 2**20)


def print_stages(dry: Command, run: Command, jobs: list[Job]) -> None:
    """One line per stage; what is left of the command is Snakemake's own."""
    print(f"{'stage':<26}{'jobs':>7}{'wall s':>10}{'CPU s':>10}{'CPU s/job':>11}{'MiB':>8}")

    def line(name: str, number: int, wall_s: float, cpu_s: float, mib: float) -> None:
        each = f"{cpu_s / number:.2f}" if number else ""
        print(f"{name:<26}{number or '':>7}{wall_s:>10.1f}{cpu_s:>10.1f}{each:>11}{mib:>8.0f}")

    line("dry-run", 0, dry.wall_s, dry.cpu_s, dry.held_mib)
    fits = sorted({job.stage for job in jobs} - set(STAGES.values()))
    for stage in [*STAGES.values(), *fits]:
        own = [job for job in jobs if job.stage == stage]
        if own:
            walls, cpus = (sum(getattr(job, k) for job in own) for k in ("wall_s", "cpu_s"))
            line(stage, len(own), walls, cpus, max(job.peak_mib for job in own))
    rest = run.cpu_s - sum(job.cpu_s for job in jobs)
    print(f"{'Snakemake itself':<26}{'':>7}{'':>10}{rest:>10.1f}{rest / len(jobs):>11.2f}")
    line("all but the dry-run", len(jobs), run.wall_s, run.cpu_s, run.held_mib)
    print(
        "wall s of a stage: of its jobs, one after the other; MiB: of its largest job; held in all"
    )


def print_growth(run: Command, jobs: list[Job]) -> None:
    """What an evaluation costs, from sampling to its generation's part, as the campaign grows."""
    growing = [job for job in jobs if job.stage in GROWING]
    total = sum(job.evaluations for job in growing)
    counts = [count for count in COUNTS if count < total] + [total]
    names = ("evaluations", "wall ms each", "CPU ms each", "latest: wall", "latest: CPU")
    print("\n" + "".join(f"{name:>14}" for name in names))
    done, cpu_s = 0, 0.0
    last_done, last_end_s, last_cpu_s = 0, run.start_s, 0.0
    for job in growing:
        done += job.evaluations
        cpu_s += job.cpu_s
        if not job.evaluations or not counts or done < counts[0]:
            continue
        counts = [count for count in counts if count > done]
        costs = (
            (job.ended_s - run.start_s) / done,
            cpu_s / done,
            (job.ended_s - last_end_s) / (done - last_done),
            (cpu_s - last_cpu_s) / (done - last_done),
        )
        print(f"{done:>14,}" + "".join(f"{1000 * cost:>14.2f}" for cost in costs))
        last_done, last_end_s, last_cpu_s = done, job.ended_s, cpu_s
    print("CPU: of jobs, without Snakemake itself; latest: of those since the line above")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fit", nargs="*", default=["linear", "lightgbm"], help="families")
    parser.add_argument("--generations", type=int, help="of every sampler at most")
    parser.add_argument("--shard-size", type=int, help="other than the configs'")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("results/full_size_benchmark"))
    parser.add_argument("--configs", type=Path, nargs="+", default=CONFIGS)
    parser.add_argument("--keep", action="store_true", help="do not delete the folder afterwards")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if folder.exists():
        sys.exit(f"{folder} is there already: delete it, or choose another --folder")
    configs = [path.resolve() for path in options.configs]
    campaign = Campaign(folder, configs, options.fit, options.generations, options.shard_size)
    dry = campaign.snakemake(options.cores, "--dry-run", "--quiet", "all")
    run = campaign.snakemake(options.cores, "--quiet", "all")
    jobs = campaign.jobs()
    print_stages(dry, run, jobs)
    print_growth(run, jobs)
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
