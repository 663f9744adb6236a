"""The pace of live uploads: slots for the uploads at hand, and none while a run measures the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lambdas.processing.pace_store import PaceStore
from lambdas.processing.pacer import Report
from lambdas.processing.slots import PERIOD_S, Slots

NO_TIME_S = 1e-3


class ModelIsMeasured(Exception):
    """A run measures the model, which requests for uploads would disturb."""


class Unreported:
    """What the last batch of this process has not reported: its last outcomes, which all are of accepted requests.

    The next batch reports them. So a batch that is over does not write the pace once more.
    """

    def __init__(self) -> None:
        self._outcomes, self._since = "", 0.0

    def keep(self, report: Report, now: float) -> None:
        """Keep a report at the time `now` (epoch seconds) for later."""
        self._since = min(self._since, now - report.seconds) if self._outcomes else now - report.seconds
        self._outcomes += report.outcomes

    def with_kept(self, report: Report, now: float) -> Report:
        """The report with what was kept, which is kept no more."""
        if not self._outcomes:
            return report
        outcomes, self._outcomes = self._outcomes + report.outcomes, ""
        return replace(report, outcomes=outcomes, seconds=max(report.seconds, now - self._since))


class LivePace:
    """The model's pace for one batch of messages. `is_free` is asked before slots are reserved, about once a second."""

    def __init__(self, pace: PaceStore, is_free: Callable[[], bool], unreported: Unreported) -> None:
        self._pace, self._is_free, self._unreported = pace, is_free, unreported

    def exchange(
        self, report: Report, now: float, *, wanted: int | None = None, unsent: tuple[float, float] | None = None
    ) -> Slots:
        """Report, give back `unsent` slots, and reserve the slots that are `wanted`.

        Raises:
            ModelIsMeasured: no request may be sent any more.
            KeyError: the model has no pace.
            ClientError, BotoCoreError: DynamoDB does not answer.
        """
        if wanted == 0 and unsent is None and _can_wait(report):
            self._unreported.keep(report, now)
            return Slots(now, 1.0, 0, now + PERIOD_S / 2)
        if not self._is_free():
            raise ModelIsMeasured
        report = self._unreported.with_kept(report, now)
        return self._pace.exchange(live_report(report), now, wanted=wanted, unsent=unsent)


def _can_wait(report: Report) -> bool:
    """Whether a report has no news that other work should have at once."""
    return "1" not in report.outcomes and not report.unused and report.cap is None


def live_report(report: Report) -> Report:
    """The report of a batch of messages, which has few images.

    The first one of a batch says nothing, so it counts for no time: a slow start would grow by it.
    """
    return replace(report, few=True, seconds=report.seconds if report.outcomes else NO_TIME_S)
