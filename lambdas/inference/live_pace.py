"""The pace of live uploads: slots for the uploads at hand, and none while a run measures the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lambdas.processing.pace import Report
from lambdas.processing.pace_store import PaceStore
from lambdas.processing.slots import PERIOD_S, Slots


class ModelIsMeasured(Exception):
    """A run measures the model, which requests for uploads would disturb."""


class UnreportedOutcomes:
    """What the last batch of this process has not reported: its last outcomes, which all are of accepted requests.

    The next batch reports them. So a batch that is over does not write the pace once more.
    """

    def __init__(self) -> None:
        self._outcomes = ""

    def keep(self, report: Report) -> None:
        """Keep a report for later."""
        self._outcomes += report.outcomes

    def with_kept(self, report: Report) -> Report:
        """The report with what was kept, which is kept no more."""
        outcomes, self._outcomes = self._outcomes + report.outcomes, ""
        return replace(report, outcomes=outcomes)


class LivePace:
    """The model's pace for one batch of messages. `is_free` is asked before slots are reserved, about once a second."""

    def __init__(self, pace: PaceStore, is_free: Callable[[], bool], unreported: UnreportedOutcomes) -> None:
        self._pace, self._is_free, self._unreported = pace, is_free, unreported
        self._is_unsure = True

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        """Report, give back `returned_slots`, and reserve the `wanted_slots`.

        Raises:
            ModelIsMeasured: no request may be sent any more.
            KeyError: the model has no pace.
            ClientError, BotoCoreError: DynamoDB does not answer.
        """
        if wanted_slots == 0 and returned_slots is None and not self._is_unsure and _can_wait(report):
            self._unreported.keep(report)
            return Slots(first=now, interval=1.0, count=0, again_at=now + PERIOD_S / 2)
        if not self._is_free():
            raise ModelIsMeasured
        slots = self._pace.exchange(
            self._unreported.with_kept(report), now, wanted_slots=wanted_slots, returned_slots=returned_slots
        )
        self._is_unsure = slots.is_unsure
        return slots


def _can_wait(report: Report) -> bool:
    """Whether a report has no news that other work should have at once."""
    return "1" not in report.outcomes and not report.unused and report.cap is None
