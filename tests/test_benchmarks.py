"""Benchmarks stay in step with the code that they measure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from every_kind import write_every_kind
from explorer_benchmark import write_explorable

import nasforge
from nasforge.recipe import DatasetSpec
from nasforge.space import DARTS
from nasforge.surrogates.families import FAMILIES
from nasforge.training.prepare import prepare

FOLDER = Path(__file__).parents[1] / "benchmarks"
SHARED = ("published.py", "turns.py")
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name not in SHARED)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_starts_and_says_what_it_does(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {script.name}")


def test_no_script_takes_the_name_of_a_standard_module() -> None:
    names = {path.stem for path in FOLDER.glob("*.py")}
    assert names.isdisjoint(sys.stdlib_module_names), "python finds them first in PYTHONPATH"


def test_query_speed_measures_a_benchmark_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import query_speed

    genotypes, labels = query_speed.simulated(0)
    models = {name: query_speed.fitted(name, genotypes, labels) for name in ("linear",)}
    bench = nasforge.load(query_speed.frozen(tmp_path, models))
    asked = [DARTS.parse(bench.manifest.best_known["architecture"])] * 3
    one = query_speed.time_single(bench, asked, {}, rounds=1)
    many = query_speed.time_many(bench, asked, {}, rounds=1)
    assert min(one.values()) > 0.0
    assert min(many.values()) > 0.0


def test_answer_speed_measures_every_surrogate_and_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import answer_speed

    folder = write_every_kind(tmp_path)
    monkeypatch.setattr(sys, "argv", ["answer_speed.py", str(folder)])
    monkeypatch.setattr(answer_speed, "FEW", 2)
    monkeypatch.setattr(answer_speed, "MANY", 3)
    assert answer_speed.main() == 0
    _, _, *rows = capsys.readouterr().out.splitlines()
    engines = [
        (name, e)
        for name in nasforge.load(folder).manifest.surrogates
        for e in answer_speed.ENGINES
    ]
    assert [(row.split()[0], row.split()[2]) for row in rows] == engines
    assert all(float(number) > 0 for row in rows for number in row.split()[3:])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_explorer_speed_clicks_through_every_surrogate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    monkeypatch.syspath_prepend(str(FOLDER))
    import explorer_speed

    arguments = [write_explorable(tmp_path), "--surrogates", "linear", "blend", "--number", 5]
    monkeypatch.setattr(sys, "argv", ["explorer_speed.py", *map(str, arguments)])
    explorer_speed.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["surrogate", "MB"]
    assert [row.split()[0] for row in rows] == ["linear", "blend"]
    times = np.array([row.replace(",", "").split()[2:] for row in rows], float)
    assert times.shape == (2, 2 * len(explorer_speed.COLUMNS))
    assert (times > 0).all()


def test_published_labels_are_predicted_as_accuracies_on_every_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from published import LEFT_OUT, predict, read_published

    labels = read_published(FOLDER.parent / "data/darts-cifar10-cpu", LEFT_OUT)
    _, plain = predict("linear", labels, "one_hot")
    _, log = predict("linear", labels, "one_hot", "log_error")
    assert 0.0 < np.abs(plain - log).max() < 0.05
    assert np.corrcoef(plain, labels.values)[0, 1] > 0.7


def test_fit_speed_fits_one_member_on_four_fifths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import fit_speed

    unseen, predicted = fit_speed.fit_one(FAMILIES["linear"], fit_speed.simulated_labels(200))
    assert len(unseen) == len(predicted) == 40
    *_, one = fit_speed.measure(("linear", 200, 1))
    *_, ten = fit_speed.measure(("linear", 200, fit_speed.ALL))
    assert 0.0 < one < 1.0 > ten > 0.0


def test_backend_parity_refuses_other_images_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import backend_parity

    def train_shard(*_: object, **__: object) -> None:
        raise AssertionError("trained")

    prepare(DatasetSpec("digits", 8, 60, 50, 50), None, tmp_path / "images")
    parts = FOLDER.parent / "data/darts-cifar10-cpu"
    arguments = ["backend_parity.py", parts, tmp_path / "other", tmp_path / "images"]
    monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
    monkeypatch.setattr(backend_parity, "train_shard", train_shard)
    with pytest.raises(SystemExit, match=rf"the images [0-9a-f]+, but {parts} is of the images"):
        backend_parity.main()


def test_full_size_adds_up_what_jobs_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import full_size

    campaign = full_size.Campaign(tmp_path / "run", full_size.CONFIGS, ["linear"], 2)
    logs = tmp_path / "run/results/full-size/logs"
    line = f"2026-01-01 00:00:00,000 INFO 1/9 {'0' * 16} simulated: ok, val_accuracy 0.5, 1.0 s\n"
    work = {
        "sample/re/gen0.log": (1.0, ""),
        "sample/re/gen0-replicates.log": (2.0, ""),
        "simulate/re/gen0/shard0.log": (3.0, line * 600),
        "simulate/re/gen0/shard1.log": (5.0, line * 600),
        "collect/re-g0.log": (7.0, ""),
        "collect.log": (11.0, ""),
        "fit/linear/val_accuracy.log": (13.0, ""),
    }
    for number, (place, (seconds, text)) in enumerate(work.items()):
        path = logs / place
        path.parent.mkdir(parents=True, exist_ok=True)
        took = f"took 0.10 s, {seconds:.2f} s of processor, at most {100 + number} MiB"
        path.write_text(f"{text}2026-01-01 00:00:00,000 INFO {took}\n")
        os.utime(path, (1000.0 + number, 1000.0 + number))
    jobs = campaign.jobs()
    stages = ["sample", "choose replicates", "simulate", "simulate"]
    stages += ["collect a generation", "collect the campaign", "fit linear"]
    assert [job.stage for job in jobs] == stages
    run = full_size.Command(start_s=1000.0, wall_s=10.0, cpu_s=50.0, held_mib=500.0)
    full_size.print_stages(run, run, jobs)
    full_size.print_growth(run, jobs)
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["simulate", "2", "0.2", "8.0", "4.00", "103"] in shown
    assert ["fit", "linear", "1", "0.1", "13.0", "13.00", "106"] in shown
    assert ["Snakemake", "itself", "8.0", "1.14"] in shown
    # After 1,200 evaluations: 3 s on the clock, 11 s of the processor.
    assert ["1,200", "2.50", "9.17", "2.50", "9.17"] in shown
