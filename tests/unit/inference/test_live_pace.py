"""A batch of uploads that is over reports with the next one, unless there is news for other work."""

from __future__ import annotations

import pytest

from lambdas.inference.live_pace import LivePace, ModelIsMeasured, UnreportedOutcomes
from lambdas.processing.pace import Report
from lambdas.processing.slots import Slots


class Pace:
    """A pace that keeps what it is told."""

    def __init__(self, *, is_unsure: bool = False) -> None:
        self.reports: list[str] = []
        self._is_unsure = is_unsure

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        self.reports.append(report.outcomes)
        return Slots(now, 1.0, wanted_slots or 0, now + 1.0, is_unsure=self._is_unsure)


def live(pace: Pace, unreported: UnreportedOutcomes) -> LivePace:
    """A batch that has its slots."""
    begun = LivePace(pace, lambda: True, unreported)  # type: ignore[arg-type]
    begun.exchange(Report(), 10.0, wanted_slots=5)
    return begun


def test_the_next_batch_reports_what_became_of_the_last_one() -> None:
    pace, unreported = Pace(), UnreportedOutcomes()

    live(pace, unreported).exchange(Report("000"), 11.0, wanted_slots=0)
    assert pace.reports == [""]
    live(pace, unreported).exchange(Report("0"), 12.0, wanted_slots=0)
    live(pace, unreported)

    assert pace.reports == ["", "000", "0"]


@pytest.mark.parametrize(
    ("report", "returned_slots"),
    [(Report("01"), None), (Report("0", unused=1), None), (Report("0", cap=3), None), (Report("0"), (11.0, 12.0))],
)
def test_news_are_reported_at_once(report: Report, returned_slots: tuple[float, float] | None) -> None:
    pace = Pace()

    live(pace, UnreportedOutcomes()).exchange(report, 11.0, wanted_slots=0, returned_slots=returned_slots)

    assert pace.reports == ["", report.outcomes]


def test_while_the_rate_is_a_guess_all_is_reported_at_once() -> None:
    pace = Pace(is_unsure=True)

    live(pace, UnreportedOutcomes()).exchange(Report("00"), 11.0, wanted_slots=0)

    assert pace.reports == ["", "00"]


def test_a_batch_that_is_over_while_a_run_begins_to_measure_has_sent_its_requests() -> None:
    answers = iter([True, False, False])
    batch = LivePace(Pace(), lambda: next(answers), UnreportedOutcomes())  # type: ignore[arg-type]
    batch.exchange(Report(), 9.0, wanted_slots=2)

    assert batch.exchange(Report("00"), 10.0, wanted_slots=0).count == 0
    with pytest.raises(ModelIsMeasured):
        batch.exchange(Report(), 10.0, wanted_slots=1)
