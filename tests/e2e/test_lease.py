"""One run for a model at a time, however many ask for its lease at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from lambdas.models.lease import Lease
from lambdas.models.lease_store import LeaseStore
from tests.e2e.conftest import Deployment

RUNS, ROUNDS = 8, 10
MODEL = "arn:aws:rekognition:us-east-1:000000000000:project/contended/version/1/1"


def test_of_runs_started_at_the_same_moment_exactly_one_goes_on(deployment: Deployment) -> None:
    leases = LeaseStore(deployment.aws.client("dynamodb"), deployment.outputs.runs_table)
    together = threading.Barrier(RUNS)

    def take(index: int) -> Lease:
        lease = Lease(MODEL, f"run-{index}", "", "2026-11-21T06:00:00.000Z", 90, "stop")
        together.wait()
        return leases.acquire(lease)

    with ThreadPoolExecutor(RUNS) as threads:
        for _ in range(ROUNDS):
            holders = set(threads.map(take, range(RUNS)))

            assert len(holders) == 1
            assert leases.get(MODEL) in holders
            leases.release(holders.pop())
            assert leases.get(MODEL) is None
