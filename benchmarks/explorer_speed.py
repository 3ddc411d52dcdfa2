"""How fast the explorer's page answers and is edited in Chromium, against numpy's answers.

    python benchmarks/explorer_speed.py darts-cifar10-cpu-v1 --surrogates forest blend \
        --evaluations data/darts-cifar10-cpu --screenshot docs/figures/explorer.png

Milliseconds. `numpy` is what the page replaces: `bench.query`, `bench.curve` and `bench.support` of
one genotype; `answer` is the same in the page, from the genotype's text.

An edit is a click of the mouse on another operation or input in the open menu of an edge, four in
a menu. `shown` is from the click until the page's elements show the prediction of the new genotype,
on the clock; the browser has not drawn them yet. `script` is the processor time of the page's
scripts, all that the edit leads to included: the canonical form, features, predictions, changed
elements, and the gains in the menu, which follow later where the surrogate is slow. `style` is what
the browser needs to place the changed elements. Times on the clock want an idle machine; processor
time minds less.
The screenshot is of the page at 1280x800 while an edge is edited.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

import nasforge
from nasforge.benchmark.registry import find
from nasforge.explorer import write_explorer

EDITS_IN_A_MENU = 4

ANSWERS = """texts => texts.map(text => {
    const start = performance.now()
    nasforge.predict(text)
    return performance.now() - start
})"""

WATCH = """() => {
    const value = document.querySelector('.prediction .value')
    window.edit = {}
    document.addEventListener('click', () => {
        edit = { value: value.dataset.value, start: performance.now(), shown: null }
    }, true)
    new MutationObserver(() => {
        const isFirst = edit.shown === null && value.dataset.value !== edit.value
        if (isFirst) edit.shown = performance.now()
    }).observe(value, { attributes: true })
}"""

TIME_SHOWN = "edit.shown === null ? null : edit.shown - edit.start"

IDLE = """async () => {
    const pause = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)))
    do await pause(); while (document.querySelector('.menu')?.innerText.includes('…'))
    await pause()
}"""

OTHERS = "[role=dialog] [aria-pressed=false]:is([data-operation], [data-input])"

COLUMNS = ("numpy", "answer", "shown", "script", "style")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", help="folder of a frozen benchmark, or a shipped one's name")
    parser.add_argument("--surrogates", nargs="+", help="default: as nasforge explore")
    parser.add_argument("--evaluations", type=Path)
    parser.add_argument("--number", type=int, default=300, help="of genotypes and of edits")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--screenshot", type=Path, help="file to write")
    options = parser.parse_args()
    source = find(options.benchmark)
    print(f"{'surrogate':<12} {'MB':>5}", *(f"{f'{c}, p90':>14}" for c in COLUMNS))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for wanted in options.surrogates or [None]:
            file = Path(folder) / "explorer.html"
            written = write_explorer(file, source, wanted, options.evaluations)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(file.as_uri())
            page.wait_for_selector("[data-kind=normal]")
            if options.screenshot:
                take(page, options.screenshot)
            bench = nasforge.load(source, written.surrogate)
            columns = [
                *time_answers(bench, page, options.number),
                *time_edits(page, options.number),
            ]
            page.close()
            name, size = written.surrogate, written.size / 1e6
            print(f"{name:<12} {size:5.1f}", *(f"{spread(c):>14}" for c in columns))
        browser.close()


def spread(ms: Sequence[float]) -> str:
    """The median, and the 90th percentile."""
    return ", ".join(f"{value:.2f}" for value in np.quantile(ms, [0.5, 0.9]))


def time_answers(
    bench: nasforge.Benchmark, page: Page, number: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of numpy and of the page."""
    rng = np.random.default_rng(0)
    warm, asked = ([bench.space.sample(rng) for _ in range(number)] for _ in range(2))
    page.evaluate(ANSWERS, list(map(str, warm)))  # others: the page remembers accuracies
    numpy_ms = []
    for genotype in asked:
        start = time.perf_counter()
        bench.query(genotype), bench.curve(genotype), bench.support([genotype])
        numpy_ms.append(1e3 * (time.perf_counter() - start))
    return numpy_ms, page.evaluate(ANSWERS, list(map(str, asked)))


def time_edits(page: Page, number: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds until an edit is shown, of its scripts, and of placing what changed."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(WATCH)
    shown, script, style = [], [], []
    for _ in edges_to_edit(page, number):
        before = spent(session)
        page.mouse.down()
        page.mouse.up()
        page.evaluate(IDLE)
        after = spent(session)
        script.append(after["ScriptDuration"] - before["ScriptDuration"])
        places = ("RecalcStyleDuration", "LayoutDuration")
        style.append(sum(after[name] - before[name] for name in places))
        # An edit to the same network, or one that no tree tells apart, changes no value.
        if (ms := page.evaluate(TIME_SHOWN)) is not None:
            shown.append(ms)
    return shown, script, style


def edges_to_edit(page: Page, number: int) -> Iterator[None]:
    """Yields with the mouse over another choice in the open menu, and nothing left to do."""
    rng = np.random.default_rng(1)
    for edit in range(number):
        if edit % EDITS_IN_A_MENU == 0:
            page.keyboard.press("Escape")
            kind, edge = ("normal", "reduce")[rng.integers(2)], rng.integers(8)
            page.locator(f"[data-kind={kind}] [data-edge='{edge}']").click()
        others = page.locator(OTHERS)
        others.nth(int(rng.integers(others.count()))).hover()
        page.evaluate(IDLE)
        yield


def spent(session: CDPSession) -> dict[str, float]:
    """Milliseconds of the page's thread so far, by kind of work."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: 1e3 * metric["value"] for metric in metrics}


def take(page: Page, output: Path) -> None:
    """A picture of an edit, and the page as it was."""
    page.locator("[data-kind=reduce] [data-edge='2']").click()
    page.mouse.move(640, 760)
    page.wait_for_timeout(300)
    page.screenshot(path=output)
    page.keyboard.press("Escape")


if __name__ == "__main__":
    main()
