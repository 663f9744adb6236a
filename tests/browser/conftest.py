"""The report in headless Chromium: offline, and whatever the browser complains of is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bench.sample_report import KINDS, sample_contents
from lambdas.report.page import page as report_page
from tests.browser.chromium import chromium
from tests.unit.report.hostile import hostile_page

SAMPLES = [*(kind.name for kind in KINDS), "hostile"]


@dataclass
class Opened:
    """A report in a tab of its own."""

    tab: Page
    complaints: list[str] = field(default_factory=list)
    """errors and warnings of the console, uncaught errors, dialogs, and requests for anything but the file"""

    def charts(self) -> dict[str, dict[str, Any]]:
        """By name: how many of a canvas's pixels are drawn, in how many colours, and how many points there are."""
        drawn: dict[str, dict[str, Any]] = self.tab.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll("[data-chart]")].map((place) => {
                const canvas = place.querySelector("canvas"), {width, height} = canvas;
                const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
                const points = Chart.getChart(canvas).data.datasets.flatMap((set) => set.data)
                    .filter((point) => point !== null && point.y !== null).length;
                return [place.dataset.chart, {
                    inked: pixels.filter(Boolean).length / pixels.length, colours: new Set(pixels).size, points,
                    width: canvas.getBoundingClientRect().width,
                }];
            }))"""
        )
        return drawn


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report of every kind."""
    folder = tmp_path_factory.mktemp("reports")
    for kind in KINDS:
        (folder / f"{kind.name}.html").write_text(report_page(sample_contents(kind)), encoding="utf-8")
    (folder / "hostile.html").write_text(hostile_page(), encoding="utf-8")
    return folder


@pytest.fixture
def opened(browser: Browser, samples: Path) -> Iterator[Callable[..., Opened]]:
    """`opened("ok", width=390, scheme="dark")`: the report of that kind, loaded."""
    contexts = []

    def open_one(sample: str, *, width: int = 1280, scheme: Any = "light") -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        one = Opened(context.new_page())
        file = (samples / f"{sample}.html").as_uri()
        one.tab.on("console", lambda said: one.complaints.append(f"{said.type}: {said.text}"))
        one.tab.on("pageerror", lambda error: one.complaints.append(f"uncaught: {error}"))
        one.tab.on(
            "dialog", lambda dialog: (one.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        one.tab.on(
            "request",
            lambda request: (
                request.url in (file, "data:,") or one.complaints.append(f"request: {request.url}")
            ),
        )
        one.tab.goto(file)
        return one

    yield open_one
    for context in contexts:
        context.close()
