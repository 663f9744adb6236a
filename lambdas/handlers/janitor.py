"""Janitor: the last layer. Every few minutes, settles each lease whose run is over or overdue.

The events that start ReleaseOrphanedModel are delivered at best effort; a timer is not. With nothing to settle,
which is nearly always, it ends at once; else it looks again by itself until the next one comes.
"""

from __future__ import annotations

import time
from typing import Any

from lambdas.aws.executions import states_client, status_of
from lambdas.aws.logging import logged, logger
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import clean_up_ended, settle
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.reports.metrics import count_overdue, count_unstopped

PATIENCE_S = 9 * 60.0
# A run that meets its limit stops its model by itself, which takes minutes: no call for help before that.
CLEANUP_GRACE_S = 15 * 60.0


@logged
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """`{}` -> `{"unsettled"}`: how many could not be finished in time; the next turn goes on with them.

    Raises:
        ExceptionGroup: some could not be settled; the others have been.
    """
    book, deadline = lease_store(), time.monotonic() + PATIENCE_S
    count_overdue(sum(lease.is_overdue(time.time() - CLEANUP_GRACE_S) for lease in book.all()))
    while True:
        # The index may lag behind by moments: what counts is the item itself.
        leases = [lease for held in book.all() if (lease := book.of(held.model_arn))]
        unsettled, errors = _round(leases)
        if not unsettled or time.monotonic() > deadline:
            break
        time.sleep(settings().model_poll_s)
    if unsettled:
        count_unstopped("ModelStopFailed")
    if errors:
        raise ExceptionGroup("leases that could not be settled", errors)
    return {"unsettled": unsettled}


def _round(leases: list[Lease]) -> tuple[int, list[Exception]]:
    """One move for each whose run is over or overdue: how many need another, and the errors met now."""
    unsettled, errors = 0, []
    for lease in leases:
        try:
            unsettled += not _settled(lease)
        except Exception as error:  # noqa: BLE001 - one model that can't be stopped must not keep the rest running
            logger.exception("a lease could not be settled", extra={"modelArn": lease.model_arn})
            errors.append(error)
            unsettled += 1
    return unsettled, errors


def _settled(lease: Lease) -> bool:
    status = status_of(states_client(), lease.execution_arn)
    if status != "RUNNING":
        return clean_up_ended(lease, status, by="janitor")
    return settle(lease, by="janitor") if lease.is_overdue(time.time()) else True
