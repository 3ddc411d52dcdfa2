"""How fast the explorer's page answers in Chromium, against numpy's answers in the same run.

    python benchmarks/explorer_speed.py BENCH --evaluations data/darts-cifar10-cpu \
        --screenshot docs/figures/explorer.png

`answer` is from a genotype's text to everything that the page shows of it, `edit` from a click on
the button of mutations until the page's elements are changed (the browser has not drawn them yet).
The peer is what the page replaces: `bench.query`, `bench.curve` and `bench.support` of one
genotype. Times are wall-clock medians, so run it on an idle machine. `difference` is the largest of
val_accuracy. The screenshot is of the page at 1280x800 while an edge is edited.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

import nasforge
from nasforge.benchmark.registry import find
from nasforge.explorer import write_explorer

ANSWERS = """texts => texts.map(text => {
    const start = performance.now()
    const { answers } = nasforge.predict(text)
    return [performance.now() - start, answers.val_accuracy.value]
})"""

EDITS = """async number => {
    const [button] = [...document.querySelectorAll('.toolbar button')]
        .filter(({ innerText }) => innerText.startsWith('Mutate'))
    const value = document.querySelector('.prediction')
    const times = []
    for (let i = 0; i < number; i++) {
        const changed = new Promise(done => {
            const observer = new MutationObserver(() => { observer.disconnect(); done() })
            observer.observe(value, { subtree: true, characterData: true, attributes: true })
            setTimeout(done, 1000) // a mutation that changes no digit
        })
        const start = performance.now()
        button.click()
        await changed
        times.push(performance.now() - start)
    }
    return times
}"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", help="folder of a frozen benchmark")
    parser.add_argument("--surrogate", help="default: as nasforge explore")
    parser.add_argument("--evaluations", type=Path)
    parser.add_argument("--number", type=int, default=300, help="of genotypes (default 300)")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--screenshot", type=Path, help="file to write")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "explorer.html"
        source = find(options.benchmark)
        name = write_explorer(file, source, options.surrogate, options.evaluations)
        bench = nasforge.load(source, name)
        genotypes = [bench.space.sample(rng) for _ in range(options.number)]
        browser = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(file.as_uri())
        page.wait_for_selector("[data-kind=normal]")
        if options.screenshot:
            take(page, options.screenshot)
        texts = list(map(str, genotypes))
        page.evaluate(ANSWERS, texts)  # warm
        numpy_ms = []
        for genotype in genotypes:
            start = time.perf_counter()
            bench.query(genotype), bench.curve(genotype), bench.support([genotype])
            numpy_ms.append(1e3 * (time.perf_counter() - start))
        times, values = zip(*page.evaluate(ANSWERS, texts), strict=True)
        edits = page.evaluate(EDITS, options.number)
        difference = np.abs(bench.query_many(genotypes)["val_accuracy"] - values).max()
        print(f"{bench.name}, {file.stat().st_size / 1e6:.1f} MB")
        peer = statistics.median(numpy_ms)
        for label, ms in (("numpy", numpy_ms), ("answer", times), ("edit", edits)):
            middle = statistics.median(ms)
            print(f"{label:<8} {middle:8.2f} ms {middle / peer:8.2f} of numpy's time")
        print(f"difference {difference:.1e}")
        browser.close()


def take(page: Page, output: Path) -> None:
    """A picture of an edit, and the page as it was."""
    page.locator("[data-kind=reduce] [data-edge='2']").click()
    page.mouse.move(640, 760)
    page.wait_for_timeout(300)
    page.screenshot(path=output)
    page.keyboard.press("Escape")


if __name__ == "__main__":
    main()
