"""The pace of a model in the runs table: one item `MODEL#<arn>` / `PACE` that all work with the model shares.

Each worker writes it about once a second: it reports, and reserves its next slots, in one conditional write. If
another worker has written since it was read, the worker reads it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from iu_tuner.contract.names import PACE_ITEM, model_pk
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.table import RESULTS_KEPT_S, Attributes, Partition, dynamodb_client
from lambdas.processing.first_pace import later_pace
from lambdas.processing.pace import Pace, Report, with_units
from lambdas.processing.pacer import after
from lambdas.processing.slots import Kind, Slots, give_back, reserve

MAX_WRITES = 5  # writes that another worker's write came before
STALE_S = 60.0  # a pace that nobody has written for so long is of an earlier start of the model
RETRY_S = 0.5  # a worker without slots asks again
_ATTRIBUTES = Attributes(Pace)


class PaceStore:
    """A model's pace, for one kind of work with so many workers."""

    def __init__(self, items: Partition, kind: Kind, workers: int = 1) -> None:
        self._items = items
        self._kind = kind
        self._workers = workers

    def begin(self, pace: Pace, now: float, *, starts_anew: bool = False) -> bool:
        """Set the pace of a model before its first request. Returns False if other work has a present pace.

        A slow start goes on from what an earlier start of the model has found, unless it `starts_anew`.
        """
        if pace.slow_start and not starts_anew:
            pace = later_pace(pace.units, self.load())
        values = {**_ATTRIBUTES.of(pace), "version": 0, "updatedAt": now}
        condition = "attribute_not_exists(pk) OR updatedAt < :stale"
        condition_values = {":stale": now - STALE_S}
        item = self._items.update(PACE_ITEM, values, condition=condition, condition_values=condition_values)
        return item is not None

    def load(self) -> Pace | None:
        """The present pace. Returns None if there is none."""
        try:
            return _read(self._items.get(PACE_ITEM))
        except KeyError:
            return None

    def set_units(self, units: int) -> None:
        """Note the inference units in service, which scale the rate. Raises KeyError if there is no pace."""
        self._change(lambda pace: with_units(pace, units), time.time())

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        """Report, give slots back, and reserve the next ones. Returns no slots if the table does not answer.

        Raises:
            KeyError: the model has no pace.
        """
        reserved: list[Slots] = []

        def change(pace: Pace) -> Pace:
            pace = after(pace, report, now)
            if returned_slots is not None:
                pace = give_back(pace, *returned_slots)
            pace, slots = reserve(pace, now, self._kind, self._workers, wanted_slots)
            reserved.append(slots)
            return pace

        try:
            is_changed = self._change(change, now)
        except AWS_ERRORS:
            logger.exception("the pace is not available")
            is_changed = False
        return reserved[-1] if is_changed else Slots(first=now, interval=1.0, count=0, again_at=now + RETRY_S)

    def _change(self, change: Callable[[Pace], Pace], now: float) -> bool:
        """Apply a change to the present pace. Returns False if other workers wrote in between too often."""
        for _ in range(MAX_WRITES):
            item = self._items.get(PACE_ITEM)
            pace = change(_read(item))
            values = {**_ATTRIBUTES.of(pace), "version": item["version"] + 1, "updatedAt": now}
            condition, condition_values = "version = :read", {":read": item["version"]}
            new_item = self._items.update(PACE_ITEM, values, condition=condition, condition_values=condition_values)
            if new_item is not None:
                return True
        return False


def _read(item: dict[str, Any]) -> Pace:
    return _ATTRIBUTES.read(item)


def pace_store(model_arn: str, kind: Kind, workers: int = 1) -> PaceStore:
    """The pace of a model in this stack's table."""
    items = Partition(dynamodb_client(), settings().runs_table, model_pk(model_arn), kept_s=RESULTS_KEPT_S)
    return PaceStore(items, kind, workers)
