"""The page in a real browser: Chromium, headless."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explorer_benchmark import EVALUATIONS, write_explorable

import nasforge
from nasforge.explorer import write_explorer
from nasforge.optimizers import run_seeds, write_trajectories
from nasforge.optimizers.backends import BenchmarkBackend
from nasforge.space import DARTS
from nasforge.space.darts.genotype import OPERATIONS, Edge, Genotype

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt: chromium)"),
]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"></script>"

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_explorable(tmp_path_factory.mktemp("browser"), description=HOSTILE)


@pytest.fixture(scope="module")
def page_file(folder: Path) -> Path:
    """A page with everything in it."""
    backend = BenchmarkBackend(nasforge.load(folder, "linear"), noisy=False)
    runs = folder.parent / "runs.parquet"
    write_trajectories(
        runs, [run for name in ("random", "tpe") for run in run_seeds(name, backend, 30, range(2))]
    )
    file = folder.parent / "page.html"
    write_explorer(file, folder, "forest", EVALUATIONS, runs)
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Opened]:
    """Opens the page; what it says to the console, and what it asks the network for, fails."""
    pages, said, asked = [], [], []

    def open_page(file: Path = page_file, **settings: Any) -> Any:
        context = browser.new_context(**{"viewport": DESKTOP, **settings})
        page = context.new_page()
        page.set_default_timeout(60_000)  # the machine may be busy
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("[data-kind=normal]")
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == len(pages)


def settle(page: Any) -> Any:
    """The page, once it shows what was done to it: it changes after an event, not in it."""
    page.evaluate(
        """() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(
            () => setTimeout(shown))))"""
    )
    return page


def text_of(page: Any) -> str:
    return settle(page).locator("textarea").input_value()


def shown_accuracy(page: Any) -> float:
    return float(settle(page).locator(".prediction .value").get_attribute("data-value"))


def pill(page: Any, kind: str, edge: int) -> Any:
    return page.locator(f"[data-kind={kind}] [data-edge='{edge}']")


@pytest.mark.parametrize(
    ("surrogate", "number"),
    [("forest", 1000), ("linear", 1000), ("blend", 100), ("kernel", 100), ("mlp", 100)],
)
def test_it_answers_as_numpy(
    opened: Opened, folder: Path, tmp_path: Path, surrogate: str, number: int
) -> None:
    write_explorer(tmp_path / "page.html", folder, surrogate)
    page = opened(tmp_path / "page.html")
    bench = nasforge.load(folder, surrogate)
    rng = np.random.default_rng(11)
    genotypes = [DARTS.sample(rng) for _ in range(number)]
    found, ms = page.evaluate(
        """texts => {
            const start = performance.now()
            const found = texts.map(text => nasforge.predict(text))
            return [found, (performance.now() - start) / texts.length]
        }""",
        [str(genotype) for genotype in genotypes],
    )
    print(f"{surrogate}: {ms:.2f} ms per genotype")  # pytest -s shows it
    expected = bench.query_many(genotypes)
    assert np.ptp(expected["val_accuracy"]) > 1e-3
    for target in bench.manifest.targets:
        values = [answer["answers"][target]["value"] for answer in found]
        np.testing.assert_allclose(values, expected[target], rtol=1e-5, err_msg=target)
    accuracies = [answer["answers"]["val_accuracy"] for answer in found]
    for ours, name in (("noiseStd", "noise_std"), ("epistemicStd", "epistemic_std")):
        np.testing.assert_allclose([a[ours] for a in accuracies], expected[name], atol=1e-6)
    std = np.hypot(expected["noise_std"], expected["epistemic_std"])
    ends = np.clip(expected["val_accuracy"] + np.outer([-1, 1], 1.6448536 * std), 0, 1)
    np.testing.assert_allclose([a["interval"] for a in accuracies], ends.T, atol=1e-5)
    for name in ("params", "macs"):
        assert [answer[name] for answer in found] == expected[name].tolist()
    curves = [bench.curve(genotype) for genotype in genotypes]
    np.testing.assert_allclose([answer["curve"] for answer in found], curves, atol=1e-5)
    support = [answer["support"] for answer in found]
    np.testing.assert_allclose(support, bench.support(genotypes), atol=1e-12)
    forms = [str(DARTS.canonical(genotype)) for genotype in genotypes]
    assert [answer["canonical"] for answer in found] == forms


def test_a_click_edits_an_edge(opened: Opened, folder: Path) -> None:
    page = opened()
    before = text_of(page)
    pill(page, "normal", 3).click()
    menu = page.locator("[role=dialog]")
    now = menu.locator(".operations [aria-pressed=true]").get_attribute("data-operation")
    other = next(name for name in OPERATIONS if name != now)
    menu.locator(f"[data-operation={other}]").click()
    after = text_of(page)
    edges = [DARTS.parse(text).normal for text in (before, after)]
    assert [i for i in range(8) if edges[0][i] != edges[1][i]] == [3]
    assert edges[1][3].operation == other
    bench = nasforge.load(folder, "forest")
    assert shown_accuracy(page) == pytest.approx(bench.query(after).val_accuracy, abs=1e-6)
    gain = bench.query(after).val_accuracy - bench.query(before).val_accuracy
    change = settle(page).locator(".change b").first.inner_text().replace("\u2212", "-")
    assert float(change) == pytest.approx(100 * gain, abs=0.006)
    page.get_by_role("button", name="Undo").click()
    assert text_of(page) == before
    page.get_by_role("button", name="Redo").click()
    assert text_of(page) == after


@pytest.mark.parametrize("surrogate", ["forest", "blend"])
def test_the_menu_says_what_every_choice_changes(
    opened: Opened, folder: Path, tmp_path: Path, surrogate: str
) -> None:
    """At once, or one after the other where the surrogate is slow."""
    write_explorer(tmp_path / "page.html", folder, surrogate)
    page = opened(tmp_path / "page.html")
    bench = nasforge.load(folder, surrogate)
    pill(page, "reduce", 5).click()
    menu = page.locator("[role=dialog]")
    for _ in range(2):  # as opened, and after an edit
        genotype = DARTS.parse(text_of(page))
        now = bench.query(genotype).val_accuracy
        page.wait_for_function("() => !document.querySelector('.menu').innerText.includes('…')")
        assert f"{100 * now:.2f} %" in menu.locator(".hint").first.inner_text()
        for name in OPERATIONS:
            edges = [*genotype.reduce[:5], Edge(name, genotype.reduce[5].input)]
            changed = Genotype(genotype.normal, (*edges, *genotype.reduce[6:]))
            gain = menu.locator(f"[data-operation={name}] .gain").inner_text()
            if changed == genotype:
                assert gain == "now"
                continue
            expected = 100 * (bench.query(changed).val_accuracy - now)
            assert float(gain.replace("\u2212", "-")) == pytest.approx(expected, abs=0.006)
        menu.locator("[data-operation][aria-pressed=false]").first.click()
    assert settle(page).locator("[role=dialog]").count() == 1


def test_only_valid_inputs_are_offered(opened: Opened) -> None:
    page = opened()
    genotype = DARTS.parse(text_of(page))
    for kind in ("normal", "reduce"):
        cell = getattr(genotype, kind)
        for edge in range(8):
            pill(page, kind, edge).click()
            buttons = settle(page).locator("[role=dialog] [data-input]").all()
            offered = [int(button.get_attribute("data-input")) for button in buttons]
            earlier = range(2 + edge // 2)
            assert offered == [node for node in earlier if node != cell[edge ^ 1].input]
            page.keyboard.press("Escape")
    pill(page, "reduce", 7).click()
    page.locator("[role=dialog] [aria-pressed=false][data-input]").first.click()
    assert DARTS.parse(text_of(page)).reduce[7].input != genotype.reduce[7].input


def test_the_keyboard_is_enough(opened: Opened) -> None:
    page = opened()
    before = text_of(page)
    first = pill(page, "normal", 0)
    first.focus()
    page.keyboard.press("ArrowDown")
    settle(page).keyboard.press("Enter")
    page.wait_for_selector("[role=dialog]")
    page.keyboard.press("ArrowDown")
    settle(page).keyboard.press("Enter")
    assert text_of(page) != before
    page.keyboard.press("Escape")
    assert settle(page).locator("[role=dialog]").count() == 0
    assert page.evaluate("document.activeElement.dataset.edge") == "1"
    page.keyboard.press("u")
    assert text_of(page) == before
    for key in ("r", "m"):
        shown = text_of(page)
        page.keyboard.press(key)
        assert text_of(page) != shown
        DARTS.parse(text_of(page))
    page.keyboard.press("b")
    assert text_of(page) == before


def test_a_pasted_genotype_is_loaded(opened: Opened, folder: Path) -> None:
    page = opened()
    bench = nasforge.load(folder, "forest")
    rng = np.random.default_rng(3)
    for form in ("text", "namedtuple"):
        genotype = DARTS.sample(rng)
        text = str(genotype)
        if form == "namedtuple":
            cells = [[tuple(edge) for edge in cell] for cell in (genotype.normal, genotype.reduce)]
            text = (
                f"Genotype(normal={cells[0]}, normal_concat=range(2, 6), "
                f"reduce={cells[1]}, reduce_concat=range(2, 6))"
            )
            assert DARTS.parse(text) == genotype
        page.locator("textarea").fill(text)
        assert text_of(page) == str(genotype)
        expected = bench.query(genotype).val_accuracy
        assert shown_accuracy(page) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "hello", "is no genotype"),
        (lambda text: text.replace("@0", "@9", 1), "is no earlier node"),
        (lambda text: text.replace("_conv_3x3", "_conv_3", 1), "did you mean"),
        (lambda text: text[:-20], "reduce cell"),
    ],
)
def test_a_malformed_genotype_is_refused(
    opened: Opened, change: Callable[[str], str], message: str
) -> None:
    page = opened()
    before, accuracy = text_of(page), shown_accuracy(page)
    page.locator("textarea").fill(change(before))
    settle(page)
    error = page.get_by_role("alert")
    assert message in error.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == DESKTOP["width"]
    assert page.locator("textarea").get_attribute("aria-invalid") == "true"
    assert shown_accuracy(page) == accuracy
    page.locator("textarea").fill(before)
    settle(page)
    assert not error.is_visible()


def test_a_malformed_text_is_dropped_once_another_genotype_is_shown(opened: Opened) -> None:
    page = opened()
    before = text_of(page)
    page.locator("textarea").fill("hello")
    page.get_by_role("button", name="Mutate").click()
    assert text_of(page) != "hello"
    assert not page.get_by_role("alert").is_visible()
    page.get_by_role("button", name="Undo").click()
    assert text_of(page) == before
    assert not page.get_by_role("alert").is_visible()


def test_both_forms_are_copied(opened: Opened) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    genotype = DARTS.parse(text_of(page))
    for name in ("Copy text", "Copy namedtuple"):
        page.get_by_role("button", name=name).click()
        page.wait_for_function(
            "form => document.querySelector('.announcer').innerText.includes(form)",
            arg=name.removeprefix("Copy "),
        )
        assert DARTS.parse(page.evaluate("navigator.clipboard.readText()")) == genotype


def test_evaluated_architectures_are_loaded_from_the_plot(opened: Opened) -> None:
    page = opened()
    plot = page.locator(".scatter [role=application]")
    plot.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        settle(page)
    tip = settle(page).locator(".tip").inner_text()
    page.keyboard.press("Enter")
    measured = settle(page).locator(".measured").inner_text()
    assert measured.split("Trained: ")[1].split(" %")[0] == tip.split(" %")[0]
    by_keyboard = text_of(page)
    page.keyboard.press("b")
    assert text_of(page) != by_keyboard
    ring = settle(page).locator(".scatter .hovered").bounding_box()
    page.mouse.click(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    assert text_of(page) == by_keyboard
    for axis in ("MACs", "time", "params"):
        page.get_by_role("radio", name=axis).click()
        assert settle(page).get_by_role("radio", name=axis).get_attribute("aria-checked") == "true"


def test_a_series_is_hidden_in_the_plot(opened: Opened) -> None:
    page = opened()

    def inked() -> int:
        return page.evaluate(
            """() => {
                const canvas = document.querySelector('.scatter canvas')
                const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')
                copy.drawImage(canvas, 0, 0)
                const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
                return data.filter((value, i) => i % 4 === 3 && value > 0).length
            }"""
        )

    every = inked()
    page.locator(".scatter .legend button").first.click()
    page.wait_for_timeout(300)
    assert 0 < inked() < every


def test_it_says_what_it_is(opened: Opened, folder: Path) -> None:
    page = opened()
    assert page.title() == "explorable-v3 - nasforge explorer"
    assert "explorable v3" in page.locator("h1").inner_text()
    assert HOSTILE in page.locator("header").inner_text()  # as text, not as HTML
    assert "default of the benchmark: blend" in page.locator("header").inner_text()
    assert "Outside the region of the samplers" in page.locator(".about").inner_text()
    assert page.locator(".trajectories section").count() == 2
    rows = page.locator(".scores tbody tr").all_inner_texts()
    assert len(rows) == len(nasforge.load(folder).manifest.surrogates)
    assert "0.50" in rows[0]
    limits = page.locator(".scores tfoot tr").all_inner_texts()
    assert "0.90" in limits[0]
    assert "not estimable" in limits[0]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(opened: Opened, tmp_path: Path, viewport: dict[str, int], scheme: str) -> None:
    page = opened(viewport=viewport, color_scheme=scheme)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    for edge in range(8):
        box = pill(page, "reduce", edge).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= viewport["width"]
        assert box["height"] >= 28  # for a thumb
        pill(page, "reduce", edge).click()
        menu = settle(page).locator("[role=dialog]").bounding_box()
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= viewport["width"]
        page.keyboard.press("Escape")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = np.mean([int(part) for part in colour.strip("rgb()").split(",")])
    assert (brightness < 128) == (scheme == "dark")
    content = page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert len(content) > 50_000  # no empty page
    page.get_by_role("button", name="Dark mode").click()
    # Pages change after the click, not in it.
    page.wait_for_function(
        "before => getComputedStyle(document.body).backgroundColor !== before", arg=colour
    )


def test_a_page_without_evaluations_says_so(opened: Opened, folder: Path, tmp_path: Path) -> None:
    write_explorer(tmp_path / "page.html", folder, "linear")
    page = opened(tmp_path / "page.html")
    assert "--evaluations" in page.locator(".side").inner_text()
    assert page.locator(".trajectories").count() == 0
    page.get_by_role("button", name="Random").click()
