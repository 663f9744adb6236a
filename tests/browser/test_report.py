"""A report as its reader sees it: at a desk, on a phone, in the dark, on paper."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import SAMPLES, Opened

Open = Callable[..., Opened]
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TELLING = ["ok", "ok-fast", "windowed-without-rate", "unstable", "given-back", "hostile"]
"""Samples that between them have every part of the page."""


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_report_opens_offline_without_a_complaint_and_draws_every_chart(opened: Open, sample: str) -> None:
    report = opened(sample)

    charts = report.charts()

    promised = json.loads(report.tab.inner_text("#data"))
    assert report.complaints == []
    assert set(charts) == set(promised)
    assert {"timeline", "concurrency"} <= set(charts)
    for name, drawn in charts.items():
        assert drawn["inked"] > 0.02, name
        assert drawn["colours"] > 10, name
        assert drawn["points"] > 0, name


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_report_fits_the_screen_and_its_text_can_be_read(opened: Open, sample: str, width: int) -> None:
    report = opened(sample, width=width)

    wide, smallest = report.tab.evaluate(
        """() => [document.documentElement.scrollWidth, Math.min(...[...document.querySelectorAll("body *")]
            .filter((element) => element.checkVisibility() && element.innerText)
            .map((element) => parseFloat(getComputedStyle(element).fontSize)))]"""
    )

    assert wide <= width
    assert smallest >= 12
    assert all(drawn["width"] >= 0.75 * min(width, 1120) for drawn in report.charts().values())


@pytest.mark.parametrize("sample", TELLING)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_report_is_accessible(opened: Open, sample: str, scheme: str, width: int) -> None:
    report = opened(sample, width=width, scheme=scheme)
    report.tab.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    report.tab.evaluate(AXE.read_text(encoding="utf-8"))

    found = report.tab.evaluate("() => axe.run()")

    told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
    assert told == []
    assert {"color-contrast", "role-img-alt"} <= {each["id"] for each in found["passes"]}


def test_each_picture_is_described_by_its_sentence(opened: Open) -> None:
    report = opened("ok")

    described = report.tab.evaluate(
        """() => [...document.querySelectorAll("canvas")].map((canvas) =>
            document.getElementById(canvas.getAttribute("aria-describedby")).innerText)"""
    )

    assert len(described) == 4
    assert all(re.search(r"\d", sentence) for sentence in described)


def test_the_first_screen_says_what_to_do_what_it_costs_and_that_the_model_is_stopped(opened: Open) -> None:
    report = opened("ok")

    first_screen = report.tab.evaluate(
        """() => [...document.querySelectorAll("h1, .verdict, .figures, .receipt")]
            .filter((element) => element.getBoundingClientRect().bottom <= innerHeight)
            .map((element) => element.innerText).join("\\n")"""
    )

    for said in ("Start this model with 2 to 3 inference units", "What to do now", "Cost per hour",
                 "Cost per 1,000 images", "The model is stopped"):  # fmt: skip
        assert said in first_screen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_prints_on_white_paper_and_comes_back(opened: Open, scheme: str) -> None:
    report = opened("ok", scheme=scheme)
    ink = "() => Chart.getChart(document.querySelector('canvas')).options.plugins.legend.labels.color"
    on_screen = report.tab.evaluate(ink)
    report.tab.evaluate("""([ink]) => addEventListener("beforeprint", () => {
        window.whilePrinting = [eval(ink)(), getComputedStyle(document.body).backgroundColor,
            document.querySelector("details").open];
    })""".replace("eval(ink)()", f"({ink})()"), [ink])  # fmt: skip

    pdf = report.tab.pdf(format="A4", print_background=True)

    assert pdf.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8
    assert report.tab.evaluate("() => whilePrinting") == ["#16202e", "rgb(255, 255, 255)", True]
    assert report.tab.evaluate(ink) == on_screen
    assert report.complaints == []


def test_the_charts_follow_when_it_gets_dark(opened: Open) -> None:
    report = opened("ok")
    ink = "() => Chart.getChart(document.querySelector('canvas')).options.plugins.legend.labels.color"
    by_day = report.tab.evaluate(ink)

    report.tab.emulate_media(color_scheme="dark")
    report.tab.wait_for_function(f"(before) => ({ink})() !== before", arg=by_day, timeout=5_000)

    assert report.tab.evaluate(ink) == "#e8edf3"


def test_the_policy_stops_a_script_that_is_not_ours(opened: Open) -> None:
    report = opened("ok")

    report.tab.evaluate(
        """() => { const script = document.createElement("script");
            script.textContent = "window.intruded = true"; document.body.append(script); }"""
    )

    assert report.tab.evaluate("() => window.intruded") is None
    assert any("Content Security Policy" in complaint for complaint in report.complaints)


def test_hostile_names_are_shown_as_they_are_and_do_nothing(opened: Open) -> None:
    report = opened("hostile")

    shown = report.tab.inner_text("#table-images")

    assert "used-samples/<script>alert(1)</script>.jpg" in shown
    assert "used-samples/\\u202egpj.exe" in shown
    assert report.tab.evaluate("() => document.scripts.length") == 5
    assert report.complaints == []
