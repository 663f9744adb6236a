"""A service gives, to a client that saturates it, what its truth says."""

from collections import Counter
from dataclasses import replace

import pytest

from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import HANG_S, SimulatedService

# The services that the method was studied on.
SERVICES = {
    "tb2": ModelTruth(tps_per_iu=2.3),
    "tb5": ModelTruth(tps_per_iu=5),
    "tb20": ModelTruth(tps_per_iu=20, burst_s=10),
    "tb10 60 s credit": ModelTruth(tps_per_iu=10, burst_s=60),
    "tb100 slow": ModelTruth(tps_per_iu=100, latency_mean_s=1.0),
    "fixed window 8": ModelTruth(tps_per_iu=8, limiter="fixed_window"),
    "sliding window 50": ModelTruth(tps_per_iu=50, limiter="sliding_window"),
    "pool4": ModelTruth(tps_per_iu=4, limiter="executor_pool", executors=2, latency_cv=1.0),
    "pool10": ModelTruth(tps_per_iu=10, limiter="executor_pool", executors=3, latency_cv=0.3),
    "pool24 mixed": ModelTruth(tps_per_iu=24, limiter="executor_pool", executors=6, image_cost_cv=0.7),
    "pool200": ModelTruth(tps_per_iu=200, limiter="executor_pool", executors=40, queue_length=40),
    "no queue 12": ModelTruth(tps_per_iu=12, limiter="concurrency_limit", executors=4),
    "drift30": ModelTruth(tps_per_iu=30, drift_amplitude=0.08, drift_period_s=40),
    "noise40": ModelTruth(tps_per_iu=40, random_500_share=0.001),
    "unbounded 20": ModelTruth(tps_per_iu=20, limiter="unbounded_queue"),
    "gamma": ModelTruth(tps_per_iu=10, limiter="executor_pool", latency_distribution="gamma", latency_cv=0.8),
    "account 30": ModelTruth(tps_per_iu=50, account_tps=30),
}


def hammer(
    service: SimulatedService, duration_s: float, rate: float, from_s: float = 0.0
) -> tuple[Counter[str], float]:
    """Offers evenly; the kinds of the answers, and the accepted ones ready in the later half, per second."""
    kinds: Counter[str] = Counter()
    ready = 0
    for number in range(int(duration_s * rate)):
        answer = service.offer(from_s + number / rate)
        kinds[answer.kind] += 1
        if answer.kind == "accepted":
            ready += duration_s / 2 <= answer.ready_s - from_s < duration_s
    return kinds, ready / (duration_s / 2)


@pytest.mark.parametrize(("units", "seed"), [(1, 1), (3, 2)])
@pytest.mark.parametrize("name", SERVICES)
def test_saturated_throughput_is_the_true_tps(name, units, seed):
    truth = replace(SERVICES[name], seed=seed)
    true_tps = truth.true_tps(units)

    duration_s = max(80.0, 2400 / true_tps)  # the later half is one period of the drift

    _, per_second = hammer(SimulatedService(truth, units), duration_s, 40 + 3 * true_tps)

    # Service times are random: what the half of the test that counts can tell apart, and 2.5 % more for
    # the time that passes between a free place and the next offer.
    noise = truth.latency_cv / (true_tps * duration_s / 2) ** 0.5
    assert per_second == pytest.approx(true_tps, rel=4 * noise + 0.025 if truth.is_pool else 0.02)


@pytest.mark.parametrize("name", SERVICES)
def test_units_that_hinder_each_other_carry_what_the_truth_says(name):
    truth = replace(SERVICES[name], unit_efficiency=0.7)

    _, per_second = hammer(SimulatedService(truth, 2), 120, 40 + 3 * truth.true_tps(2))

    assert truth.true_tps(1) == pytest.approx(SERVICES[name].true_tps(1))
    assert truth.true_tps(4) <= SERVICES[name].true_tps(4) * 0.7**2 or truth.account_tps
    assert per_second == pytest.approx(truth.true_tps(2), rel=0.1)


@pytest.mark.parametrize("name", SERVICES)
def test_below_its_rate_a_service_throttles_nothing_or_little(name):
    truth = SERVICES[name]
    service = SimulatedService(truth)

    kinds, _ = hammer(service, 120, truth.true_tps(1) * 0.5)

    # Half the rate finds a queueless or a noisy pool full now and then: that is their nature.
    assert kinds["throttled"] <= (0.15 if truth.is_pool else 0.0) * kinds["accepted"]


def test_same_truth_and_offers_give_the_same_answers():
    truth = ModelTruth(tps_per_iu=10, limiter="executor_pool", random_500_share=0.1, other_client_share=0.2)
    one, two, other = (SimulatedService(replace(truth, seed=seed)) for seed in (7, 7, 8))

    answers = [[service.offer(number / 30) for number in range(500)] for service in (one, two, other)]

    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


def test_latency_has_the_mean_and_the_spread_asked_for():
    truth = ModelTruth(tps_per_iu=1000, latency_mean_s=0.2, latency_cv=0.5)
    service = SimulatedService(truth)

    latencies = [service.offer(number / 100).ready_s - number / 100 for number in range(20_000)]

    mean = sum(latencies) / len(latencies)
    deviation = (sum((each - mean) ** 2 for each in latencies) / len(latencies)) ** 0.5
    assert mean == pytest.approx(0.2, rel=0.02)
    assert deviation / mean == pytest.approx(0.5, rel=0.05)


def test_faults_come_in_their_shares_and_take_no_capacity():
    truth = ModelTruth(tps_per_iu=20, random_500_share=0.05, reset_share=0.02, hang_share=0.01)

    kinds, per_second = hammer(SimulatedService(truth), 400, 50)

    shares = [kinds[kind] / 20_000 for kind in ("error500", "reset", "hang")]
    assert shares == pytest.approx([0.05, 0.02, 0.01], rel=0.2)
    assert per_second == pytest.approx(20, rel=0.02)


def test_a_hang_ends_within_a_minute_and_a_throttle_answers_fast():
    hanging = SimulatedService(ModelTruth(hang_share=1.0)).offer(5.0)
    full = SimulatedService(ModelTruth(tps_per_iu=1, limiter="concurrency_limit"))
    full.offer(5.0)
    throttle = full.offer(5.0)

    assert (hanging.kind, hanging.ready_s) == ("hang", 5.0 + HANG_S)
    assert (throttle.kind, throttle.ready_s) == ("throttled", pytest.approx(5.02))


def test_the_account_s_cap_answers_differently_from_the_model_s():
    below, _ = hammer(SimulatedService(ModelTruth(tps_per_iu=50, account_tps=30)), 60, 200)
    above, _ = hammer(SimulatedService(ModelTruth(tps_per_iu=20, account_tps=1000)), 60, 200)

    assert below["account_throttled"] > 0
    assert below["throttled"] == 0
    assert above["account_throttled"] == 0
    assert above["throttled"] > 0


def test_another_client_takes_its_share_unless_it_is_crowded_out():
    truth = ModelTruth(tps_per_iu=20, other_client_share=0.2)
    polite, _ = hammer(SimulatedService(truth), 400, 0.95 * truth.true_tps(1))
    # No whole multiple of the rate: a client in step with the refill would leave nothing at all.
    _, greedy_per_second = hammer(SimulatedService(truth), 400, 61.7)
    over, _ = hammer(SimulatedService(truth), 400, 19.5)

    assert truth.true_tps(1) == pytest.approx(16)
    assert polite["throttled"] / polite.total() < 0.02
    assert 16 < greedy_per_second < 20
    assert over["throttled"] / over.total() > 0.05


@pytest.mark.parametrize("limiter", ["token_bucket", "executor_pool"])
@pytest.mark.parametrize(("max_units", "always", "units_after"), [(None, False, 1), (3, False, 3), (None, True, 5)])
def test_autoscaling_adds_units_after_continuous_throttling(limiter, max_units, always, units_after):
    truth = ModelTruth(tps_per_iu=5, limiter=limiter, autoscale_after_s=60, autoscale_always=always)
    service = SimulatedService(truth, 1, max_units)

    hammer(service, 59, 100)
    units_at_59_s = service.inference_units
    _, per_second = hammer(service, 800, 100, from_s=59)

    assert units_at_59_s == 1
    assert service.inference_units == units_after
    assert [units for _, units in service.unit_changes] == list(range(2, units_after + 1))
    assert per_second == pytest.approx(5 * units_after, rel=0.05)


def test_autoscaling_waits_for_throttling_without_a_pause():
    service = SimulatedService(ModelTruth(tps_per_iu=5, autoscale_after_s=20), 1, 3)

    for burst in range(10):
        hammer(service, 15, 100, from_s=burst * 20.0)

    assert service.inference_units == 1


def test_drift_swings_around_the_truth():
    truth = ModelTruth(tps_per_iu=30, drift_amplitude=0.3, drift_period_s=40, seed=3)
    service = SimulatedService(truth)
    hammer(service, 40, 120)

    quarters = []
    for quarter in range(4):
        from_s = 40 + 10.0 * quarter
        accepted = hammer(service, 10, 120, from_s)[0]["accepted"] / 10
        quarters.append((accepted, 30 * truth.mean_speed(from_s, from_s + 10)))

    assert [seen for seen, _ in quarters] == pytest.approx([expected for _, expected in quarters], rel=0.03)
    assert max(quarters)[0] - min(quarters)[0] > 5
    assert truth.mean_speed(0, 40) == pytest.approx(1.0)


def test_mixed_images_divide_a_pool_s_capacity_by_their_mean_cost():
    truth = ModelTruth(tps_per_iu=24, limiter="executor_pool", executors=6, latency_cv=0.1)
    service, costs, accepted = SimulatedService(truth), [0.5, 1.0, 4.5], 0

    for number in range(60_000):
        accepted += service.offer(number / 100, costs[accepted % 3]).kind == "accepted"

    assert truth.true_tps(1, mean_image_cost=2.0) == 12
    assert accepted / 600 == pytest.approx(12, rel=0.05)


@pytest.mark.parametrize(("limiter", "places"), [("executor_pool", 2 + 4), ("concurrency_limit", 2)])
def test_each_unit_brings_its_executors_and_its_places_to_wait(limiter, places):
    truth = ModelTruth(tps_per_iu=10, limiter=limiter, executors=2, queue_length=4)

    accepted = [
        sum(service.offer(0.0).kind == "accepted" for _ in range(50))
        for service in (SimulatedService(truth, units) for units in (1, 3))
    ]

    assert accepted == [places, 3 * places]
