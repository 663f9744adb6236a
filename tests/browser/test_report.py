"""A report as its reader sees it: at a desk, on a phone, in the dark, on paper.

Loading a report is what takes time, so tests that only look at one share it: pytest runs them one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.browser.conftest import DESK, PHONE, Opened

Open = Callable[[str], Opened]
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
INK = "() => Chart.getChart(document.querySelector('canvas')).options.plugins.legend.labels.color"
A4 = 688  # 182 mm between the margins
TELLING = ["past", "besides", "unstable", "hostile"]
"""Samples that between them have every part of the page, in every tone."""
OTHER_VERDICTS = [
    "latency-bound",
    "throttles-below-max",
    "not-saturated",
    "windowed-without-rate",
    "account-throttled",
    "client-limited",
    "failed",
    "batch-partial",
]


def test_a_report_opens_offline_without_a_complaint_and_draws_every_chart(report: Opened) -> None:
    charts = report.charts()

    promised = json.loads(report.tab.inner_text("#data"))
    assert report.complaints == []
    assert set(charts) == set(promised) >= {"timeline"}
    for name, drawn in charts.items():
        assert drawn["inked"] > 0.02, name
        assert drawn["colours"] > 10, name
        assert drawn["points"] > 0, name


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_report_fits_the_screen_and_its_text_can_be_read(report: Opened, width: int) -> None:
    report.show(width=width)

    wide, smallest, narrowest = report.tab.evaluate(
        """() => [document.documentElement.scrollWidth, Math.min(...[...document.querySelectorAll("body *")]
            .filter((element) => element.checkVisibility() && element.innerText)
            .map((element) => parseFloat(getComputedStyle(element).fontSize))),
            Math.min(...[...document.querySelectorAll("canvas")].map((one) => one.getBoundingClientRect().width))]"""
    )

    assert wide <= width
    assert smallest >= 12
    assert narrowest >= 0.75 * min(width, 1120)


def test_a_report_is_accessible_at_a_desk(report: Opened) -> None:
    report.show(width=DESK)

    assert_accessible(report)


@pytest.mark.parametrize("report", [*TELLING, *OTHER_VERDICTS], indirect=True)
def test_a_report_is_accessible_on_a_phone_in_the_dark(report: Opened) -> None:
    report.show(width=PHONE, scheme="dark")

    assert_accessible(report)


def assert_accessible(report: Opened) -> None:
    report.tab.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    report.tab.evaluate(AXE.read_text(encoding="utf-8"))

    found = report.tab.evaluate("() => axe.run({ resultTypes: ['violations'] })")

    told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
    assert told == []
    assert {"color-contrast", "role-img-alt"} <= {each["id"] for each in found["passes"]}


WIDE = "() => [...document.querySelectorAll('.rows.wide')].map((one) => one.getAttribute('aria-label'))"


@pytest.mark.parametrize("report", ["demo"], indirect=True)
def test_a_table_that_scrolls_shows_it_and_takes_the_focus_and_no_other_does(report: Opened) -> None:
    report.show(width=DESK)
    at_a_desk = report.tab.evaluate(WIDE)
    report.show(width=PHONE)
    report.tab.wait_for_function("() => document.querySelector('.rows.wide')")
    steps = report.tab.locator("#table-steps .rows")

    assert at_a_desk == []
    assert "Steps" in report.tab.evaluate(WIDE)
    for one in report.tab.locator(".rows:visible").all():
        is_wide, focus = one.evaluate("(one) => [one.scrollWidth > one.clientWidth + 1, one.tabIndex]")
        assert (focus == 0) == is_wide
    assert "Scroll sideways" in steps.evaluate("(one) => getComputedStyle(one, '::before').content")
    for to, sides in ((0, ["more-after"]), (60, ["more-after", "more-before"]), (9_999, ["more-before"])):
        steps.evaluate("(one, to) => { one.scrollLeft = to; }", to)
        report.tab.wait_for_function(
            "(sides) => [...document.querySelector('#table-steps .rows').classList].sort().join() === sides",
            arg=",".join([*sides, "rows", "wide"]),
        )
    report.tab.emulate_media(media="print")
    printed = steps.evaluate("(one) => [getComputedStyle(one, '::before').content, getComputedStyle(one).maskImage]")
    report.tab.emulate_media(media="screen")
    assert printed == ["none", "none"]


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("report", ["demo", "past", "past-never-idle"], indirect=True)
def test_the_names_of_lines_stand_beside_the_plot_whole_and_apart(report: Opened, width: int) -> None:
    report.show(width=width)

    named = report.tab.evaluate(
        """() => [...document.querySelectorAll("canvas")].map(Chart.getChart).filter((chart) => chart.scales.names)
            .map(({ scales: { names }, chartArea, width }) => ({
                area: chartArea.right, left: names.left, right: names.right, width,
                needed: textWidth(names.ctx, names.ticks.flatMap(({ label }) => label)),
                places: names.ticks.map(({ value, label }) => [names.getPixelForValue(value), 12 * label.length])}))"""
    )

    assert len(named) >= 2
    for chart in named:
        assert chart["area"] <= chart["left"] + 1
        assert chart["right"] - chart["left"] >= chart["needed"] + 6
        assert chart["right"] <= chart["width"]
        for (below, below_height), (above, above_height) in pairwise(chart["places"]):
            assert below - above >= (below_height + above_height) / 2


@pytest.mark.parametrize(("report", "panel"), [("demo", "throttled"), ("not-saturated", None)], indirect=["report"])
def test_what_was_refused_has_a_panel_only_where_something_was(report: Opened, panel: str | None) -> None:
    shown = report.tab.evaluate(
        "() => Chart.getChart(document.querySelector('#timeline canvas')).options.scales.refused?.title.text ?? null"
    )

    assert shown == panel


@pytest.mark.parametrize("report", TELLING, indirect=True)
def test_a_report_fits_a_sheet_of_paper(report: Opened) -> None:
    report.show(width=A4)
    report.tab.emulate_media(media="print")

    wide = report.tab.evaluate("() => document.documentElement.scrollWidth")
    report.tab.emulate_media(media="screen")

    assert wide <= A4


@pytest.mark.parametrize("report", ["demo", "past", "besides"], indirect=True)
def test_each_picture_is_described_by_its_sentence(report: Opened) -> None:
    described = report.tab.evaluate(
        """() => [...document.querySelectorAll("canvas")].map((canvas) =>
            document.getElementById(canvas.getAttribute("aria-describedby")).innerText)"""
    )

    assert len(described) >= 4
    assert all(re.search(r"\d", sentence) for sentence in described)


@pytest.mark.parametrize("report", ["hostile"], indirect=True)
def test_hostile_names_are_shown_as_they_are_and_do_nothing(report: Opened) -> None:
    shown = report.tab.inner_text("#table-images")

    assert "used-samples/<script>alert(1)</script>.jpg" in shown
    assert "used-samples/\\u202egpj.exe" in shown
    assert report.tab.evaluate("() => document.scripts.length") == 8
    assert report.complaints == []


def test_the_first_screen_says_what_to_do_what_it_costs_and_that_the_model_is_stopped(opened: Open) -> None:
    report = opened("ok")

    first_screen = report.tab.evaluate(
        """() => [...document.querySelectorAll("h1, .verdict, .figures, .receipt")]
            .filter((element) => element.getBoundingClientRect().bottom <= innerHeight)
            .map((element) => element.innerText).join(" | ")"""
    )

    for said in (
        "Start this model with 2 to 3 inference units",
        "What to do now",
        "Cost per hour",
        "Cost per 1,000 images",
        "The model is stopped",
    ):
        assert said in first_screen


def test_the_charts_follow_when_it_gets_dark(opened: Open) -> None:
    report = opened("ok")

    by_day = report.tab.evaluate(INK)
    report.show(width=DESK, scheme="dark")
    by_night = report.tab.evaluate(INK)

    assert (by_day, by_night) == ("#16202e", "#e8edf3")


def test_a_report_prints_on_white_paper_and_comes_back_by_day_and_by_night(opened: Open) -> None:
    report = opened("past")
    report.tab.evaluate(
        """(ink) => addEventListener("beforeprint", () => {
            window.whilePrinting = [eval(ink)(), getComputedStyle(document.body).backgroundColor,
                document.querySelector("details").open];
        })""".replace("eval(ink)()", f"({INK})()"),
        INK,
    )
    for scheme, ink in (("light", "#16202e"), ("dark", "#e8edf3")):
        report.show(width=DESK, scheme=scheme)  # type: ignore[arg-type]

        pdf = report.tab.pdf(format="A4", print_background=True)

        assert pdf.startswith(b"%PDF-")
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8
        assert report.tab.evaluate("() => whilePrinting") == ["#16202e", "rgb(255, 255, 255)", True]
        assert report.tab.evaluate(INK) == ink
    assert report.complaints == []


def test_the_policy_stops_a_script_that_is_not_ours(opened: Open) -> None:
    report = opened("ok")

    report.tab.evaluate(
        """() => { const script = document.createElement("script");
            script.textContent = "window.intruded = true"; document.body.append(script); }"""
    )

    assert report.tab.evaluate("() => window.intruded") is None
    assert any("Content Security Policy" in complaint for complaint in report.complaints)
