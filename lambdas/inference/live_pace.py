"""The pace of live uploads: slots for the uploads at hand, and none while a run measures the model."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.processing.pace_store import PaceStore
from lambdas.processing.pacer import Report
from lambdas.processing.slots import Slots


class ModelIsMeasured(Exception):
    """A run measures the model, which requests for uploads would disturb."""


class LivePace:
    """The model's pace for one batch of messages. `is_free` is asked before slots are reserved, about once a second."""

    def __init__(self, pace: PaceStore, is_free: Callable[[], bool]) -> None:
        self._pace, self._is_free = pace, is_free

    def exchange(
        self, report: Report, now: float, *, wanted: int | None = None, unsent: tuple[float, float] | None = None
    ) -> Slots:
        """Report, give back `unsent` slots, and reserve the slots that are `wanted`.

        Raises:
            ModelIsMeasured: no request may be sent any more.
            KeyError: the model has no pace.
            ClientError, BotoCoreError: DynamoDB does not answer.
        """
        if not self._is_free():
            raise ModelIsMeasured
        return self._pace.exchange(report, now, wanted=wanted, unsent=unsent)
