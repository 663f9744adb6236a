"""Which steps a saturated model gets: when its second look begins, for how long, and with which probe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.confirmation import PacedCounts
from lambdas.capacity.looks import Look
from lambdas.capacity.saturated import SaturatedModel
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from tests.unit.capacity.steps import Played, saturated, steady, worker

NOISY = [20, 11, 29, 14, 30, 9, 26, 13, 25, 15, 28]


@pytest.mark.parametrize(("elapsed_s", "wait_s"), [(20.0, 30.0), (49.0, 1.0), (50.0, 0.0), (90.0, 0.0)])
def test_the_second_look_begins_fifty_seconds_after_the_first_load(elapsed_s: float, wait_s: float) -> None:
    played = Played.of(saturated([20] * 11, elapsed_s).look_again(), (20, 30))

    assert [(plan.lanes, plan.wait_s) for plan in played.plans] == [(32, wait_s)]


@pytest.mark.parametrize(("tps", "seconds"), [(5, 8), (11, 8), (12, 7), (20, 6)])
def test_the_second_look_takes_whole_seconds_for_eighty_requests(tps: int, seconds: int) -> None:
    played = Played.of(saturated([tps] * 11).look_again(), (tps, 30))

    assert [(plan.phase, plan.base_s) for plan in played.plans] == [("look", seconds)]


def test_a_noisy_model_gets_a_probe_twelve_percent_above_its_rate() -> None:
    model = saturated(NOISY)
    assert model.first_look.is_noisy

    (plan,) = Played.of(model.look_again(), (20, 30)).plans

    assert (plan.base_s, plan.paced_s) == (7.0, 6.0)
    assert plan.paced_tps == pytest.approx(1.12 * 20, rel=0.02)


@pytest.mark.parametrize(
    ("accepted", "throttled", "carries_more"), [(20, 3, False), (22, 1, False), (23, 1, True), (22, 0, True)]
)
def test_a_probe_that_is_hardly_throttled_shows_that_the_model_carries_more(
    accepted: int, throttled: int, carries_more: bool
) -> None:
    """Of a probe a limiter of just this rate throttles 10.7 %; less than 40 % of that is 4.3 %."""
    model = saturated(NOISY)
    steps = model.look_again()
    plan = next(steps)
    counted = worker([20] * 7 + [accepted] * 6, [20] * 7 + [throttled] * 6, seconds=7.0)

    with pytest.raises(StopIteration):
        steps.send(StepCounts(plan, [replace(counted, workers=plan.workers)]))

    assert model.carries_more is carries_more
    assert [each.rate.estimate for each in model.probe_looks] == [accepted]
    assert len(model.looks) == 2


def probed(accepted: int, throttled: int) -> SaturatedModel:
    """A slightly noisy model whose second look had 20 requests/s, and then a probe."""
    model = saturated([20, 22, 21, 19, 18, 20, 22, 21, 19, 18, 20])
    steps = model.look_again()
    plan = next(steps)
    counted = worker([20] * 7 + [accepted] * 6, [20] * 7 + [throttled] * 6, seconds=7.0)
    with pytest.raises(StopIteration):
        steps.send(StepCounts(plan, [replace(counted, workers=plan.workers)]))
    return model


@pytest.mark.parametrize(("accepted", "agree"), [(19, True), (10, False)])
def test_a_probe_of_which_less_is_accepted_is_a_look(accepted: int, agree: bool) -> None:
    model = probed(accepted, 23 - accepted)

    assert [each.rate.estimate for each in model.looks[1:]] == [20, accepted]
    assert model.looks_agree is agree


@pytest.mark.parametrize(("more", "contradicts"), [(3, False), (15, True)])
def test_a_probe_contradicts_the_level_if_its_noise_does_not_explain_it(more: int, contradicts: bool) -> None:
    model = saturated([20] * 11)
    model.probe_looks = [Look(tuple(count + more for count in NOISY))]

    assert model.probe_contradicts is contradicts


@pytest.mark.parametrize(("rate", "contradicts"), [(21, False), (22, True)])
def test_without_noise_seven_percent_more_contradict(rate: int, contradicts: bool) -> None:
    model = saturated([20] * 11)
    model.probe_looks = [Look((rate,) * 12)]

    assert model.probe_contradicts is contradicts


@pytest.mark.parametrize(("cut", "seconds", "wait_s"), [(2, 6.0, 30.0), (3, 12.0, 0.0)])
def test_after_a_shift_no_pause_refills_the_credit(cut: int, seconds: float, wait_s: float) -> None:
    model = saturated([20] * 11)
    model.looks = [replace(model.first_look, cut_seconds=cut)]

    plan = next(model.look_again())

    assert (plan.base_s, plan.wait_s) == (seconds, wait_s)


@pytest.mark.parametrize(
    ("sent", "failed", "tps"), [(80, 20, 1.12 * 20 / 0.8), (20, 80, 1.12 * 20 / 0.5), (0, 0, 22.4)]
)
def test_a_probe_is_faster_by_the_requests_that_fail(sent: int, failed: int, tps: float) -> None:
    model = saturated(NOISY)
    model.confirmation = PacedCounts(19.0, (sent,), 0, failed, 0.0, None, LatencyHistogram())

    assert next(model.look_again()).paced_tps == pytest.approx(tps)


@pytest.mark.parametrize(("throttled_from", "plans"), [(1, 1), (2, 2)])
def test_a_second_look_of_four_seconds_is_enough(throttled_from: int, plans: int) -> None:
    """A look begins after the first throttle."""
    model = saturated([20] * 11)
    steps = model.look_again()
    plan = next(steps)
    counts = worker([20] * 6, [0] * throttled_from + [20] * (6 - throttled_from))

    played = Played.of(model.look_again(), StepCounts(plan, [replace(counts, workers=plan.workers)]), (20, 20))

    assert len(played.plans) == plans


def test_what_an_extended_first_look_leaves_out_is_added_up() -> None:
    model = saturated([20] * 5)
    model.looks = [replace(model.first_look, cut_seconds=3)]

    Played.of(model.look_first(), (20, 20))

    assert (model.first_look.cut_seconds, model.first_look.seconds) == (3 + 5, 11)


def test_a_longer_look_has_to_agree_with_the_last_one() -> None:
    model = saturated([20] * 11)
    model.agreeing_looks = [Look((20,) * 11), Look((22,) * 11)]

    Played.of(model.look_longer(20.0), (23, 20))

    assert (model.looks_agree, len(model.agreeing_looks)) == (True, 3)


def test_the_level_of_the_drain_has_to_agree_with_the_last_look() -> None:
    model = saturated([20] * 11)
    model.agreeing_looks = [Look((20,) * 11), Look((22,) * 11)]

    Played.of(model.confirm_lower(15.0), (23, 20))

    assert (model.looks_agree, len(model.agreeing_looks)) == (True, 3)


def test_a_drain_without_throttles_is_no_look() -> None:
    model = saturated([20] * 11)

    Played.of(model.confirm_lower(15.0), (15, 0))

    assert (len(model.looks), model.looks_agree, model.clean_rate and model.clean_rate.tps) == (1, True, 15.0)


def test_a_second_look_that_burst_credit_filled_is_taken_again() -> None:
    played = Played.of(saturated([20] * 11).look_again(), (40, 0), (20, 20))

    assert [(plan.base_s, plan.wait_s) for plan in played.plans] == [(6.0, 30.0), (8.0, 0.0)]


def test_a_look_too_short_is_extended_twice_at_the_most() -> None:
    played = Played.of(saturated([20] * 5).look_first(), (20, 0), (20, 0), (20, 0))

    assert [(plan.phase, plan.lanes, plan.base_s) for plan in played.plans] == [("look", 16, 12.0)] * 2
    assert Played.of(saturated([20] * 6).look_first()).plans == []


def test_further_looks_end_with_one_that_agrees() -> None:
    model = saturated([20] * 11)

    played = Played.of(model.look_on(), (30, 30), (30, 30))

    assert [plan.base_s for plan in played.plans] == [9.0, 9.0]
    assert (model.looks_agree, model.max_tps.estimate) == (True, 30)


def test_a_lower_rate_is_confirmed_after_a_drain_that_is_a_look() -> None:
    model = saturated([20] * 11)

    (plan,) = Played.of(model.confirm_lower(15.0), (15, 10)).plans

    assert (plan.base_s, plan.paced_tps) == (5.0, 15.0)
    assert (model.clean_rate, len(model.looks), model.looks_agree, len(model.agreeing_looks)) == (None, 2, False, 1)


def test_the_confirmation_has_lanes_for_the_slowest_twentieth_of_the_replies() -> None:
    """One of ten takes 3 s: 19 requests/s are 57 in flight, and half as many more are 86, of 8 for each worker."""
    ramped = steady(StepPlan("ramp", 16, 1, 12.0, 12.0, 12.0), 20, 20)
    for _ in range(ramped.latency.count // 9):
        ramped.latency.add(3.0)
    model = SaturatedModel(LoadTest(SearchLimits()), ramped)

    (plan,) = Played.of(model.confirm(19.0), (19, 0)).plans

    assert plan.workers == 11


def test_a_pause_in_any_look_is_a_pause() -> None:
    model = saturated([20] * 11)
    assert not model.has_paused

    model.looks.append(Look((20, 20, 0, 20, 20, 20)))

    assert model.has_paused
