"""The page of a run for uploads says how many got their result and when, what failed, and what it cost."""

from __future__ import annotations

import dataclasses
from typing import Any

from iu_tuner.contract.uploads.serve_output import ServedImages
from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.render import page
from lambdas.reports.page.uploads import ServeFacts, serve_contents
from tests.unit.reports.sample_serve import SERVED

TERMS = {"prefix": "in/", "idleStopMinutes": 10.0, "limits.maxMinutes": 300.0, "limits.maxCostUsd": 10.0}
FACTS = ServeFacts("2026-11-21T06:00:00.000Z", ((0.0, 0), (40.0, 200), (81.6, 400)), 5.0, TERMS)


def made(facts: ServeFacts = FACTS, **changed: Any) -> Contents:
    return serve_contents(dataclasses.replace(SERVED, **changed), facts, {"app": "1"})


def test_it_says_the_images_the_rate_and_the_cost() -> None:
    contents = made()

    assert contents.summary.answer == SERVED.sentence
    figures = {each.name: (each.value, each.note) for each in contents.summary.figures}
    assert figures["Results"] == ("400", "3 failed, 3 wait")
    assert figures["Images/s"] == ("4.90", "5.00 were measured")
    assert figures["Cost"] == ("$0.76", "$1.89 for 1,000 images")
    (images, failures, terms, _) = contents.tables
    assert images.rows == (("with a new result", "400"), ("failed", "3"), ("wait for the next start", "3"))
    assert failures.rows == (
        ("InvalidImageFormatException", "2", "in/a <b> 蜂.jpg", "Invalid image encoding"),
        ("EmptyImage", "1", "in/empty.jpg", "the image has no bytes"),
    )
    assert "<key>.error.json" in failures.note
    long = dataclasses.replace(SERVED.failures[0], key="in/" + "k" * 1000 + ".jpg")
    (_, shortened, *_) = made(failures=(long,)).tables
    assert shortened.rows[0][2] == "in/" + "k" * 57 + "…" + "k" * 56 + ".jpg"
    assert ("idleStopMinutes", "10.0") in terms.rows


def test_its_chart_has_the_results_over_time_beside_the_measured_rate() -> None:
    (picture,) = made().pictures

    assert picture.chart == {"points": [[0.0, 0], [40.0, 200], [81.6, 400]], "measured": 5.0}
    assert picture.sentence.startswith("400 results came within 1 min 22 s.")
    (without,) = made(dataclasses.replace(FACTS, points=((0.0, 0),))).pictures
    assert without.chart is None


def test_failures_and_a_limit_are_marked_and_say_what_to_do() -> None:
    limited = made(verdict="limit-reached", images=ServedImages(400, 0, 3)).summary

    assert made().summary.tone == "caution"
    assert "queue replay" in made().summary.next_action
    unfailed = made(images=ServedImages(400, 0, 0), failures=())
    assert unfailed.summary.tone == "good"
    assert "failures" not in {each.name for each in unfailed.tables}
    assert (limited.tone, limited.next_action) == (
        "caution",
        "Give higher limits if uploads are not to wait for a day.",
    )


def test_a_prefix_is_no_markup() -> None:
    shown = page(made(prefix="<script>alert(1)</script>/"))

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
