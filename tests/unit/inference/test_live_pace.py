"""A batch of uploads that is over reports with the next one, unless there is news for other work."""

from __future__ import annotations

import pytest

from lambdas.inference.live_pace import LivePace, ModelIsMeasured, Unreported
from lambdas.processing.pacer import Report
from lambdas.processing.slots import Slots


class Pace:
    """A pace that keeps what it is told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def exchange(
        self, report: Report, now: float, *, wanted: int | None = None, unsent: tuple[float, float] | None = None
    ) -> Slots:
        self.reports.append(report)
        return Slots(now, 1.0, wanted or 0, now + 1.0)


def live(pace: Pace, unreported: Unreported, *, is_free: bool = True) -> LivePace:
    return LivePace(pace, lambda: is_free, unreported)  # type: ignore[arg-type]


def test_the_next_batch_reports_what_became_of_the_last_one() -> None:
    pace, unreported = Pace(), Unreported()

    live(pace, unreported).exchange(Report(0.5, "000"), 10.0, wanted=0)
    live(pace, unreported).exchange(Report(0.25, "0"), 11.0, wanted=0)
    assert pace.reports == []
    live(pace, unreported).exchange(Report(0.001, ""), 20.0, wanted=5)
    live(pace, unreported).exchange(Report(1.0, ""), 21.0, wanted=5)

    assert [(each.outcomes, each.few) for each in pace.reports] == [("0000", True), ("", True)]
    assert pace.reports[0].seconds == pytest.approx(20.0 - 9.5)


@pytest.mark.parametrize(
    ("report", "unsent"),
    [
        (Report(1.0, "01"), None),
        (Report(1.0, "0", unused=1), None),
        (Report(1.0, "0", cap=3), None),
        (Report(1.0, "0"), (11.0, 12.0)),
    ],
)
def test_news_are_reported_at_once(report: Report, unsent: tuple[float, float] | None) -> None:
    pace, unreported = Pace(), Unreported()
    live(pace, unreported).exchange(Report(0.5, "00"), 10.0, wanted=0)

    live(pace, unreported).exchange(report, 11.0, wanted=0, unsent=unsent)

    assert [each.outcomes for each in pace.reports] == ["00" + report.outcomes]


def test_a_batch_that_is_over_while_a_run_begins_to_measure_has_sent_its_requests() -> None:
    pace, unreported = Pace(), Unreported()

    assert live(pace, unreported, is_free=False).exchange(Report(0.5, "00"), 10.0, wanted=0).count == 0
    with pytest.raises(ModelIsMeasured):
        live(pace, unreported, is_free=False).exchange(Report(0.5, ""), 10.0, wanted=1)
