"""Each limiter admits its rate in the long run, whatever is offered to it."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.simulated_model.limiters import ExecutorPool, FixedWindow, Limiter, SlidingWindow, TokenBucket

RATES = st.floats(1.0, 150.0)
SEEDS = st.integers(0, 1000)


def admitted(limiter: Limiter, attempts: list[float], service_s: float = 0.1) -> list[float]:
    return [now_s for now_s in attempts if limiter.offer(now_s, service_s) is not None]


def poisson_attempts(rate: float, duration_s: float, seed: int) -> list[float]:
    random, now_s, times = Random(seed), 0.0, []
    while (now_s := now_s + random.expovariate(rate)) < duration_s:
        times.append(now_s)
    return times


@settings(max_examples=40, deadline=None)
@given(rate=RATES, burst_s=st.floats(0.5, 10), seed=SEEDS)
def test_a_token_bucket_admits_its_rate_once_the_credit_is_spent(rate, burst_s, seed):
    burst = max(2.0, rate * burst_s)
    duration_s = max(100 / rate, 20.0)
    attempts = poisson_attempts(6 * rate, 2 * burst_s + duration_s, seed)

    times = admitted(TokenBucket(rate, burst), attempts)

    assert len(times) <= burst + rate * attempts[-1]
    spent = [now_s for now_s in times if now_s > 2 * burst_s]
    assert len(spent) / duration_s == pytest.approx(rate, rel=0.03)


@settings(max_examples=40, deadline=None)
@given(rate=RATES, window_s=st.sampled_from([0.5, 1.0, 10.0]), phase=st.floats(0, 1), seed=SEEDS)
def test_a_fixed_window_admits_its_rate(rate, window_s, phase, seed):
    windows = max(30, round(100 / rate / window_s))
    attempts = poisson_attempts(4 * rate + 20 / window_s, windows * window_s, seed)

    times = admitted(FixedWindow(rate, window_s, phase * window_s), attempts)

    # The first and the last window may be cut, and each wait at a window's end costs an attempt at most.
    assert len(times) / windows == pytest.approx(rate * window_s, rel=0.05, abs=1.0 / windows + 0.05)


@settings(max_examples=40, deadline=None)
@given(rate=RATES, window_s=st.sampled_from([0.5, 1.0, 2.0]), seed=SEEDS)
def test_a_sliding_window_admits_its_rate_and_never_more_in_any_window(rate, window_s, seed):
    duration_s = max(100 / rate, 20.0)
    attempts = poisson_attempts(60 * rate, duration_s, seed)

    times = admitted(SlidingWindow(rate, window_s), attempts)

    most = max(1, round(rate * window_s))
    assert 0.95 * rate * duration_s - 1 <= len(times) <= rate * duration_s + most
    assert all(later - first >= most / rate - 1e-6 for first, later in zip(times, times[most:], strict=False))


@settings(max_examples=40, deadline=None)
@given(executors=st.integers(1, 40), rate=RATES, queue_length=st.sampled_from([4, 20, None]), seed=SEEDS)
def test_a_saturated_pool_serves_executors_over_service_time(executors, rate, queue_length, seed):
    pool = ExecutorPool(executors, queue_length)
    random, service_s, duration_s = Random(f"{seed}/work"), executors / rate, 300 / rate
    ready = []

    for now_s in poisson_attempts(8 * rate, duration_s, seed):
        answer_s = pool.offer(now_s, service_s * random.uniform(0.5, 1.5))
        ready += [answer_s] if answer_s is not None else []

    served = sum(answer_s <= duration_s for answer_s in ready)
    # The executors' first answers come a service time late.
    assert served / (duration_s - service_s / 2) == pytest.approx(rate, rel=0.15)


def test_a_pool_queues_as_many_as_it_has_places_and_throttles_the_next():
    pool = ExecutorPool(executors=2, queue_length=3)

    answers = [pool.offer(0.0, 1.0) for _ in range(6)]

    assert answers == [1.0, 1.0, 2.0, 2.0, 3.0, None]
    assert pool.offer(1.5, 1.0) == 3.0, "two of those waiting have started: places are free again"


def test_a_concurrency_limit_throttles_while_all_are_busy():
    limit = ExecutorPool(executors=1, queue_length=0)

    answers = [limit.offer(now_s, 1.0) for now_s in (0.0, 0.5, 0.99, 1.0)]

    assert answers == [1.0, None, None, 2.0]


def test_rejections_eat_the_capacity_of_a_pool_with_a_reject_cost():
    attempts = [number / 100 for number in range(10_000)]

    plain = admitted(ExecutorPool(2, 4, 0.0), attempts)
    costly = admitted(ExecutorPool(2, 4, 0.005), attempts)

    assert len(costly) < 0.85 * len(plain)


def test_executors_that_are_added_serve_at_once():
    pool = ExecutorPool(executors=1, queue_length=0)
    pool.offer(0.0, 10.0)

    pool.add_executors(1, now_s=2.0)

    assert pool.executors == 2
    assert [pool.offer(2.0, 1.0), pool.offer(2.0, 1.0)] == [3.0, None]


@pytest.mark.parametrize(
    "limiter",
    [TokenBucket(20, 20), FixedWindow(20, 1), SlidingWindow(20, 1), ExecutorPool(4, 4)],
    ids=lambda limiter: type(limiter).__name__,
)
def test_half_the_scale_is_half_the_rate(limiter):
    whole = len(admitted(limiter, [number / 200 for number in range(10_000)], service_s=0.2))

    limiter.scale = 0.5
    half = len(admitted(limiter, [100 + number / 200 for number in range(10_000)], service_s=0.2))

    assert half / whole == pytest.approx(0.5, abs=0.05)


def test_credit_comes_back_in_a_gap_and_ends_at_the_burst():
    bucket = TokenBucket(rate=5, burst=10)
    assert len(admitted(bucket, [0.0] * 20)) == 10

    after_a_second, after_a_minute = admitted(bucket, [1.0] * 20), admitted(bucket, [61.0] * 20)

    assert (len(after_a_second), len(after_a_minute)) == (5, 10)
