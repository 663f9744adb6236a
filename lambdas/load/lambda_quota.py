"""The number of load workers that Lambda can run at once, and the warning if it limits a search."""

from __future__ import annotations

import math

from iu_tuner.contract.choices import MAX_WORKERS

RESERVE_SHARE = 0.1  # share of the free concurrent executions that is left to the account's other functions
MIN_RESERVE = 2  # for ReleaseOrphanedModel and Janitor, which stop models while workers run
MAX_LANES = 64  # of a worker; also the maximum of test.inFlightPerWorker


def workers_within(unreserved: int | None) -> int:
    """The maximum number of workers of a step with these unreserved concurrent executions (None if not known)."""
    if unreserved is None:
        return MAX_WORKERS
    reserve = max(MIN_RESERVE, math.ceil(RESERVE_SHARE * unreserved))
    return max(1, min(MAX_WORKERS, unreserved - reserve))


def workers_warning(workers: int, max_concurrency: int, in_flight_per_worker: int) -> str | None:
    """The warning before a start if `max_concurrency` needs more workers than Lambda can run. Returns None if not."""
    if math.ceil(max_concurrency / in_flight_per_worker) <= workers:
        return None
    lanes = min(MAX_LANES, math.ceil(max_concurrency / workers))
    total = workers * lanes
    concurrency_clause = f", and test.maxConcurrency is taken as {total}" if total < max_concurrency else ""
    return (
        f"Lambda's quota of concurrent executions leaves room for {workers} load workers, so each may get up to"
        f" {lanes} requests in flight instead of {in_flight_per_worker}{concurrency_clause}: raise"
        " 'Concurrent executions' of AWS Lambda in Service Quotas if a run ends as client-limited"
    )
