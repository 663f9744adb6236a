"""Plans and counts of a step."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan

PLAN = StepPlan("confirm", 12, 3, 2.0, 2.0, 2.0, paced_tps=9.5, paced_s=8.0, wait_s=1.5)

per_second = st.lists(st.integers(0, 50), max_size=20)


def worker_counts(
    accepted: list[int], throttled: list[int], *, seconds: float = 4.0, ready_s: float = -1.0
) -> WorkerCounts:
    failures = {"InternalServerError": 1, "ThrottlingException": 2}
    return WorkerCounts(
        accepted, throttled, [3], accepted, failures, LatencyHistogram(), seconds, ready_s, client_utilization=0.9
    )


@given(st.integers(1, 256), st.integers(1, 16))
def test_the_workers_lanes_sum_up_and_differ_by_one_at_most(lanes: int, per_worker: int) -> None:
    workers = -(-lanes // per_worker)
    shares = [StepPlan("ramp", lanes, workers, 4, 12, 16).lanes_of(worker) for worker in range(workers)]

    assert sum(shares) == lanes
    assert max(shares) - min(shares) <= 1
    assert max(shares) <= per_worker


def test_a_plan_survives_json() -> None:
    assert StepPlan.from_mapping(json.loads(json.dumps(PLAN.as_mapping()))) == PLAN
    assert StepPlan.from_mapping({**PLAN.as_mapping(), "number": 3}) == PLAN


@given(st.lists(st.tuples(per_second, per_second), min_size=1, max_size=5))
def test_nothing_is_lost_when_workers_are_merged(parts: list[tuple[list[int], list[int]]]) -> None:
    counts = StepCounts(PLAN, [worker_counts(*part) for part in parts])

    assert sum(counts.accepted) == sum(sum(accepted) for accepted, _ in parts)
    assert sum(counts.throttled) == sum(sum(throttled) for _, throttled in parts)
    assert counts.sent == sum(counts.accepted) + sum(counts.throttled) + sum(counts.failed)
    assert sum(counts.failures.values()) == sum(counts.failed)
    assert counts.account_limited == 2 * len(parts)


def test_a_merged_second_is_the_sum_of_the_workers_seconds() -> None:
    counts = StepCounts(PLAN, [worker_counts([1, 2], [5]), worker_counts([10, 20, 30], [])])

    assert counts.accepted == [11, 22, 30]
    assert counts.throttled == [5]


def test_a_step_counts_while_all_of_its_workers_send() -> None:
    early_ended, late_ready = worker_counts([1], [], seconds=11.9), worker_counts([1], [], ready_s=1.2)
    counts = StepCounts(PLAN, [early_ended, late_ready])

    assert counts.whole_seconds == 4
    assert counts.first_full_second == 2
    assert counts.lost_workers == 1
