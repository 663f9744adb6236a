"""The page of a batch says how far it came, what failed, what it cost, and what other units would cost."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.reports.page.batch import batch_contents
from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.render import page
from simulation.samples.batch import FACTS, batch_output


def contents(**changed: Any) -> Contents:
    return batch_contents(batch_output(**changed), FACTS, {"app": "1"})


def tables(shown: Contents) -> dict[str, dict[str, str]]:
    """By table: the second cell of each row by the first one."""
    return {table.name: {row[0]: row[1] for row in table.rows} for table in shown.tables}


def test_the_answer_names_each_kind_of_image() -> None:
    shown = contents()

    said = "42 of 54 images processed, 10 were current, 2 failed at 4.93 images/s for $12.34."
    assert shown.summary.answer == said
    assert shown.summary.tone == "caution"
    assert "resume" in shown.summary.next_action
    assert page(shown).count("<span>Images analysed by</span> <b><bdi>bees</bdi></b>") == 1
    images = tables(shown)["images"]
    assert (images["with a new result"], images["listed, which is the sum"]) == ("42", "54")
    assert images["left out: folder"] == "1"


@pytest.mark.parametrize(("verdict", "tone"), [("complete", "good"), ("deadline-missed", "caution")])
def test_only_a_batch_that_is_complete_in_time_is_good(verdict: str, tone: str) -> None:
    assert contents(verdict=verdict).summary.tone == tone


def test_failures_are_listed_by_kind_and_by_image() -> None:
    shown = tables(contents())

    assert shown["failures"] == {"InvalidImageFormatException": "2"}
    assert list(shown["failed"]) == ["in/<a>.jpg", "in/<b>.jpg"]
    assert "failures" not in tables(contents(failures=()))


def test_the_progress_is_drawn_against_the_measured_rate() -> None:
    (progress,) = contents().pictures

    assert "42 results came within 8.0 s." in progress.sentence
    assert progress.chart == {"points": [[0.0, 0], [8.0, 42]], "measured": 5.0}


def test_other_units_have_their_hours_and_cost() -> None:
    assert tables(contents())["alternatives"] == {"3": "1.20"}


def test_the_page_escapes_the_names_of_images() -> None:
    text = page(contents())

    assert "<a>" not in text.split("<body>")[1].split("<script")[0]
    assert "&lt;a&gt;" in text
