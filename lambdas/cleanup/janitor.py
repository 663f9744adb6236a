"""Cleans up each lease whose run is over or overdue, until the model is released or the time is up.

The events that start ReleaseOrphanedModel are delivered at best effort; a timer is reliable. With nothing to clean
up, as nearly always, it ends at once. Otherwise it polls the models itself until the next invocation is due.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from lambdas.aws.executions import states_client, status_of
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import clean_up_ended, reconcile
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.reports.metrics import count_overdue, count_unstopped

MAX_INVOCATION_S = 9 * 60.0
# A run that reaches its limit stops its model itself, which takes minutes: no alarm before that.
CLEANUP_GRACE_S = 15 * 60.0


def clean_up_all() -> int:
    """Returns the number of leases that could not be released in time.

    Raises:
        ExceptionGroup: the cleanup of some models failed in the last round; that of the others went on.
    """
    leases, deadline = lease_store(), time.monotonic() + MAX_INVOCATION_S
    count_overdue(sum(lease.is_overdue(time.time() - CLEANUP_GRACE_S) for lease in leases.all()))
    while True:
        # The index is eventually consistent, so the item itself decides.
        current_leases = [lease for each in leases.all() if (lease := leases.get(each.model_arn))]
        left_count, errors = _clean_up_once(current_leases)
        if not left_count or time.monotonic() > deadline:
            break
        time.sleep(settings().model_poll_s)
    if left_count:
        count_unstopped("ModelStopFailed")
    if errors:
        raise ExceptionGroup("models that could not be cleaned up", errors)
    return left_count


def _clean_up_once(leases: Sequence[Lease]) -> tuple[int, list[Exception]]:
    """Make one move for each lease whose run is over or overdue. Returns how many need another, and the errors."""
    left_count, errors = 0, []
    for lease in leases:
        try:
            left_count += not _clean_up(lease)
        except Exception as error:  # noqa: BLE001 - an error of one model must not keep the others running
            logger.exception("a model could not be cleaned up", extra={"modelArn": lease.model_arn})
            errors.append(error)
            left_count += 1
    return left_count, errors


def _clean_up(lease: Lease) -> bool:
    status = status_of(states_client(), lease.execution_arn)
    if status != "RUNNING":
        return clean_up_ended(lease, status, by="janitor")
    return reconcile(lease, by="janitor") if lease.is_overdue(time.time()) else True
