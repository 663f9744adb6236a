"""How many load workers Lambda can run at once, and how a search makes do with them."""

from __future__ import annotations

import math

from iu_tuner.contract.choices import MAX_WORKERS

RESERVE_SHARE = 0.1  # of the free concurrent executions, left to the other functions of the account
MIN_RESERVE = 2  # ReleaseOrphanedModel and Janitor, which stop models, run beside the workers
MAX_LANES = 64  # of a worker; test.inFlightPerWorker takes no more either


def workers_within(unreserved: int | None) -> int:
    """The most workers of a step, for so many unreserved concurrent executions (None: not known)."""
    if unreserved is None:
        return MAX_WORKERS
    reserve = max(MIN_RESERVE, math.ceil(RESERVE_SHARE * unreserved))
    return max(1, min(MAX_WORKERS, unreserved - reserve))


def workers_warning(workers: int, max_concurrency: int, in_flight_per_worker: int) -> str | None:
    """What to know before the start, where `max_concurrency` would take more workers than there may be."""
    if math.ceil(max_concurrency / in_flight_per_worker) <= workers:
        return None
    lanes = min(MAX_LANES, math.ceil(max_concurrency / workers))
    taken = f", and test.maxConcurrency is taken as {workers * lanes}" if workers * lanes < max_concurrency else ""
    return (
        f"Lambda's quota of concurrent executions leaves room for {workers} load workers, so each may get up to"
        f" {lanes} requests in flight instead of {in_flight_per_worker}{taken}: raise 'Concurrent executions' of AWS"
        " Lambda in Service Quotas if a run ends as client-limited"
    )
