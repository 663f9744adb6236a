"""The report in headless Chromium: offline, and whatever the browser complains of is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Request, sync_playwright

from lambdas.reports.page.render import page as report_page
from simulation.samples.report import KINDS, all_contents
from tests.browser.chromium import arguments, chromium
from tests.unit.reports.page.hostile import hostile_page

SAMPLES = [*(kind.name for kind in KINDS), "failed", "hostile"]
PHONE, DESK = 390, 1280
MAX_MS = 300_000.0  # only guards against hanging


class Opened:
    """A tab, and the report in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.tab = context.new_page()
        self.tab.set_default_timeout(MAX_MS)
        self.complaints: list[str] = []
        """errors and warnings of the console, uncaught errors, dialogs, and requests for anything but the file"""
        self._file = ""
        self.tab.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.tab.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.tab.on("dialog", self._refuse)
        self.tab.on("request", self._watch)

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _watch(self, request: Request) -> None:
        if request.url not in (self._file, "data:,"):
            self.complaints.append(f"request: {request.url}")

    def load(self, path: Path, *, width: int) -> None:
        """This report, as if nothing had been in the tab before."""
        self._file, self.complaints[:] = path.as_uri(), []
        self.tab.set_viewport_size({"width": width, "height": 900})
        self.tab.emulate_media(color_scheme="light")
        self.tab.goto(self._file)

    def show(self, *, width: int, scheme: Literal["light", "dark"] = "light") -> None:
        """On a screen so wide, by day or by night: the charts follow in the next frame."""
        self.tab.set_viewport_size({"width": width, "height": 900})
        self.tab.emulate_media(color_scheme=scheme)
        self.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def charts(self) -> dict[str, dict[str, Any]]:
        """By name: how many of a canvas's pixels are drawn, in how many colours, and how many points there are."""
        drawn: dict[str, dict[str, Any]] = self.tab.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll("[data-chart]")].map((place) => {
                const canvas = place.querySelector("canvas"), {width, height} = canvas;
                const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
                const points = Chart.getChart(canvas).data.datasets.flatMap((set) => set.data)
                    .filter((point) => point !== null && point.y !== null).length;
                return [place.dataset.chart,
                    {inked: pixels.filter(Boolean).length / pixels.length, colours: new Set(pixels).size, points}];
            }))"""
        )
        return drawn


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=arguments(), timeout=MAX_MS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report of every kind."""
    folder = tmp_path_factory.mktemp("reports")
    for name, shown in all_contents():
        (folder / f"{name}.html").write_text(report_page(shown), encoding="utf-8")
    (folder / "hostile.html").write_text(hostile_page(), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Opened]:
    """One for all reports that are only looked at: a new one takes longer than a report."""
    context = browser.new_context(offline=True)
    yield Opened(context)
    context.close()


@pytest.fixture(scope="module", params=SAMPLES)
def report(request: pytest.FixtureRequest, tab: Opened, samples: Path) -> Opened:
    """The report of each kind in turn, loaded on a phone, once for all tests of it that only look."""
    tab.load(samples / f"{request.param}.html", width=PHONE)
    return tab


@pytest.fixture
def opened(browser: Browser, samples: Path) -> Iterator[Callable[[str], Opened]]:
    """`opened("ok")`: the report of that kind at a desk, for this test alone."""
    context = browser.new_context(offline=True)

    def open_one(sample: str) -> Opened:
        one = Opened(context)
        one.load(samples / f"{sample}.html", width=DESK)
        return one

    yield open_one
    context.close()
