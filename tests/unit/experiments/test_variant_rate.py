"""The rate of a variant: from one step or several, and none where something else than the model decided it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.experiments.variant_rate import VariantRate, rate_variant
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan

PLAN = StepPlan("compare", 8, 1, 16.0, 16.0, 16.0, series="s3")


def step(accepted: int, throttled: int = 9, failed: int = 0, answered: Sequence[int] = ()) -> StepCounts:
    """Sixteen seconds alike."""
    seconds = 16
    latency = LatencyHistogram()
    latency.add(0.2)
    counts = WorkerCounts(
        [accepted] * seconds,
        [throttled] * seconds,
        [failed] * seconds,
        answered or [accepted] * seconds,
        {"InternalServerError": failed * seconds} if failed else {},
        latency,
        16.0,
        ready_s=-1.0,
        client_utilization=1.0,
    )
    return StepCounts(PLAN, [counts])


def rate_of(*steps: StepCounts, queues: bool = False) -> VariantRate:
    found = rate_variant(steps, queues=queues)
    assert isinstance(found, VariantRate)
    return found


def test_steps_that_agree_make_the_interval_narrower() -> None:
    one, two = rate_of(step(10)).max_tps, rate_of(step(10), step(10)).max_tps

    assert one.estimate == two.estimate == 10
    assert two.half_width == pytest.approx(one.half_width / 2**0.5)
    assert rate_of(step(10), step(10)).latency.count == 2


def test_steps_that_contradict_each_other_are_all_spanned() -> None:
    found = rate_of(step(10), step(14)).max_tps

    assert found.estimate == 12
    assert found.low < 10 < 14 < (found.high or 0)


def test_a_rate_that_moves_within_a_step_is_not_steady() -> None:
    moving = step(0, answered=[5] * 9 + [15] * 9, throttled=0)

    assert rate_of(step(10)).is_steady
    assert not rate_of(moving, queues=True).is_steady


def test_a_step_that_was_not_saturated_is_a_lower_bound_and_counts_for_nothing_beside_one_that_was() -> None:
    assert rate_of(step(3, throttled=0)).max_tps.high is None
    assert rate_of(step(3, throttled=0)).max_tps.low == 3
    assert rate_of(step(3, throttled=0), step(10)).max_tps.estimate == 10


def test_of_a_model_with_an_endless_queue_the_answers_are_counted_once_they_come_steadily() -> None:
    steady = step(40, throttled=0, answered=[0, 1, *[10] * 14, 8, 8])

    assert rate_of(steady, queues=True).max_tps.estimate == 10


def test_where_many_requests_failed_there_is_no_rate_but_their_names() -> None:
    assert rate_variant([step(10, failed=4)], queues=False) == (
        "more than a tenth of the requests failed (InternalServerError x 64)"
    )


def test_without_steps_there_is_nothing_to_say() -> None:
    assert rate_variant([], queues=False) == ""


def test_a_rate_that_the_accounts_quota_may_have_decided_says_nothing_about_the_images() -> None:
    quota = TpsQuota(10.0, "Service Quotas", is_applied=True)

    assert "10 TPS; Service Quotas) may have decided its rate of 10.00 requests/s" in str(
        rate_variant([step(10)], queues=False, quota=quota)
    )
    assert isinstance(rate_variant([step(9)], queues=False, quota=quota), VariantRate)
    assert isinstance(rate_variant([step(10)], queues=True, quota=quota), VariantRate)
