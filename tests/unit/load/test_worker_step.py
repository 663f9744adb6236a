"""A worker's rules: when its step is extended, how long a lane backs off, what is booked where."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.load.step import StepPlan
from lambdas.load.worker_step import ATTEMPTS_FLOOR_TPS, ImageCycle, Lane, WorkerStep
from lambdas.models.outcomes import ACCEPTED, THROTTLED
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient

ALONE = StepPlan("ramp", lanes=4, workers=1, base_s=4, extended_s=12, max_s=16)
TOGETHER = StepPlan("ramp", lanes=16, workers=2, base_s=4, extended_s=12, max_s=16)
LASTING = [2.1, 4.1, 6.1, 8.1, 10.1]
PACED = StepPlan("confirm", 4, 1, 2, 2, 2, paced_tps=10, paced_s=8)


def ends_at(step: WorkerStep) -> float:
    """When the closed loop is over, asked ten times a second."""
    return next(tick / 10 for tick in range(1000) if not step.is_active(tick / 10))


@pytest.mark.parametrize(
    ("plan", "throttles_s", "accepted_s", "ends_s"),
    [
        pytest.param(ALONE, [], [], 4, id="never throttled: base only"),
        pytest.param(ALONE, [1.9], [], 4, id="throttled long ago: base only"),
        pytest.param(TOGETHER, [2.1], [], 6, id="throttled, then no more: ends early"),
        pytest.param(ALONE, LASTING, [], 16, id="alone, throttled, little accepted: to the end"),
        pytest.param(TOGETHER, LASTING, [], 12, id="not alone: extended, no more"),
        pytest.param(ALONE, LASTING, [2.2 + 0.1 * n for n in range(61)], 12, id="alone, enough accepted: extended"),
    ],
)
def test_a_throttled_worker_extends_its_own_step(
    plan: StepPlan, throttles_s: list[float], accepted_s: list[float], ends_s: float
) -> None:
    step = WorkerStep(plan, 0)
    for sent_s in throttles_s:
        assert step.is_active(sent_s)
        step.record(THROTTLED, sent_s, sent_s + 0.02)
    for sent_s in accepted_s:
        step.record(ACCEPTED, sent_s, sent_s + 0.1)

    assert ends_at(step) == ends_s
    assert step.counts().seconds == ends_s


def test_a_worker_whose_lanes_are_busy_with_accepted_requests_leaves_it_to_the_next_step() -> None:
    step = WorkerStep(ALONE, 0)
    for number in range(40):  # 40 x 0.3 s of the 4 lanes' 16 s
        step.record(ACCEPTED, 0.1 * number, 0.1 * number + 0.3)
    step.record(THROTTLED, 3.9, 3.92)

    assert ends_at(step) == 4


def test_a_step_that_ended_is_not_revived_by_a_late_answer() -> None:
    step = WorkerStep(ALONE, 0)
    assert not step.is_active(4.0)

    step.record(THROTTLED, 3.99, 4.05)

    assert not step.is_active(4.06)
    assert step.counts().seconds == 4


def test_a_stopped_step_stays_stopped() -> None:
    step = WorkerStep(ALONE, 0)
    step.record(THROTTLED, 2.9, 2.92)

    step.stop(3.0)

    assert not step.is_active(3.1)
    assert step.counts().seconds == 3.0


def test_an_accepted_request_is_followed_at_once() -> None:
    assert Lane(4).backoff_s(ACCEPTED, 0.2, 0.5) == 0


@given(st.integers(1, 256), st.floats(0.01, 5.0), st.floats(0, 0.999))
def test_a_refused_lane_pauses_about_as_long_as_a_request_takes(lanes: int, latency_s: float, jitter: float) -> None:
    lane = Lane(lanes)
    lane.backoff_s(ACCEPTED, latency_s, jitter)

    pause_s = lane.backoff_s(THROTTLED, 0.02, jitter)

    longest_s = min(latency_s, lanes / ATTEMPTS_FLOOR_TPS)
    assert 0.5 * longest_s <= pause_s <= 1.5 * longest_s


def test_a_lane_that_was_never_accepted_does_not_wait_for_seconds() -> None:
    assert Lane(256).backoff_s(THROTTLED, 0.02, 0.999) < 1.0


@pytest.mark.parametrize("lanes", [4, 16, 64])
def test_throttled_lanes_neither_hammer_nor_fall_silent(lanes: int) -> None:
    slow = ModelTruth(tps_per_iu=1.0, latency_mean_s=1.0)
    plan = StepPlan("ramp", lanes, -(-lanes // 8), 20, 20, 20)

    counts = VirtualClient(SimulatedService(slow)).run_step(plan)

    assert 0.5 * ATTEMPTS_FLOOR_TPS <= counts.sent / 20 <= 2.5 * ATTEMPTS_FLOOR_TPS


@given(st.integers(1, 40), st.integers(0, 100), st.lists(st.booleans(), min_size=100, max_size=400))
def test_images_are_accepted_equally_often(images: int, offset: int, accepted: list[bool]) -> None:
    cycle, seen = ImageCycle(images, offset), Counter[int]()
    for passed in accepted:
        image = cycle.take()
        if passed:
            seen[image] += 1
        else:
            cycle.requeue(image)

    assert sum(seen.values()) == sum(accepted)
    assert max(seen[image] for image in range(images)) - min(seen[image] for image in range(images)) <= 1


def test_a_refused_image_is_sent_again_before_the_next() -> None:
    cycle = ImageCycle(3, offset=1)
    first = cycle.take()

    cycle.requeue(first)

    assert [cycle.take() for _ in range(3)] == [1, 2, 0]


@given(st.floats(0.5, 150), st.floats(8, 25), st.integers(1, 12))
def test_the_workers_paced_requests_are_one_even_sequence(tps: float, seconds: float, workers: int) -> None:
    plan = StepPlan("confirm", 4, workers, 2, 2, 2, paced_tps=tps, paced_s=seconds)

    times = sorted(time for worker in range(workers) for time in WorkerStep(plan, worker).paced_times())

    assert len(times) == round(tps * seconds)
    assert all(later - earlier == pytest.approx(1 / tps) for earlier, later in pairwise(times))
    assert not times or plan.max_s < times[0] <= times[-1] <= plan.longest_s + 1 / tps


def test_requests_are_booked_in_the_second_of_sending_and_answers_in_theirs() -> None:
    step = WorkerStep(ALONE, 0)
    step.record(ACCEPTED, 0.9, 2.1)
    step.record(THROTTLED, 1.5, 1.52)
    step.record("InternalServerError", 3.0, 3.02)
    step.record(ACCEPTED, -0.004, 0.2)  # a clock that is a little ahead

    counts = step.counts()

    assert counts.accepted == [2]
    assert counts.completed == [1, 0, 1]
    assert counts.throttled == [0, 1]
    assert counts.failed == [0, 0, 0, 1]
    assert counts.failures == {"InternalServerError": 1}
    assert counts.latency.count == 2


def test_paced_latency_counts_from_the_planned_time_once_the_drain_is_over() -> None:
    step = WorkerStep(PACED, 0)
    step.record(ACCEPTED, 1.0, 1.2)  # drain
    step.record(ACCEPTED, 2.9, 3.0, planned_s=2.05)  # late, but the drain was still in the lanes
    step.record(ACCEPTED, 5.5, 5.6, planned_s=5.0)

    counts = step.counts()

    assert counts.latency.count == 1
    assert counts.latency.quantile_ms(0.5) == pytest.approx(600, rel=0.02)
    assert counts.late == 1


def test_busy_share_is_the_part_of_lane_time_that_is_accounted_for() -> None:
    step = WorkerStep(ALONE, 0)
    step.add_busy_time(8.0)
    assert not step.is_active(4.0)

    assert step.counts().client_utilization == pytest.approx(0.5)
