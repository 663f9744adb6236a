from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pacer import Case, goals, run_case
from lambdas.processing.first_pace import MeasuredRate, first_pace
from lambdas.processing.pace import Pace, Report, with_units
from lambdas.processing.pacer import FOUND_SHARE, PAUSE_S, PAUSED_PROBES, PROBE_RATIO, START_SHARE, after
from local.simulated_model.model_spec import ModelTruth
from simulation.pacing.paced_batch import run_batch
from simulation.unsteady import Around, Tempo, UnsteadyService

PACE = Pace(rate=10.0, units=2, measured=5.0, ceiling=10.0, lowered_at=0.0)
NOW = 1e6
OUTCOMES = st.text("01", max_size=60)
PACES = st.builds(
    Pace,
    rate=st.floats(0.1, 1000),
    units=st.integers(1, 5),
    cap=st.none() | st.integers(1, 100),
    measured=st.none() | st.floats(0.1, 500),
    ceiling=st.none() | st.floats(0.1, 1000),
    slow_start=st.booleans(),
    seeking=st.booleans(),
    false_probes=st.integers(0, 2),
    recent=st.text("01", max_size=20),
)


@given(PACES, OUTCOMES, st.integers(0, 60))
def test_a_throttle_never_raises_the_rate_and_clean_requests_never_lower_it(
    pace: Pace, outcomes: str, unused: int
) -> None:
    changed = after(pace, Report(outcomes, unused), NOW)

    if "1" in outcomes:
        assert changed.rate < pace.rate or pace.rate <= 0.1
    elif not pace.is_low:
        assert changed.rate >= pace.rate


@given(PACES, st.integers(0, 20), st.integers(1, 60))
def test_too_few_requests_raise_nothing(pace: Pace, accepted: int, more: int) -> None:
    assert after(pace, Report("0" * accepted, unused=accepted + more), NOW).rate == pace.rate


def test_many_throttles_take_the_rate_to_the_accepted_share_and_a_single_one_takes_a_hundredth() -> None:
    assert after(PACE, Report("0" * 9 + "1"), NOW).rate == pytest.approx(9.9)
    assert after(PACE, Report("10" * 5), NOW).rate == pytest.approx(10 * 5 / 9)


@pytest.mark.parametrize(("outcomes", "is_lost"), [("0" * 17 + "111", True), ("0" * 13 + "1010001", False)])
def test_three_throttles_among_six_requests_are_lost_capacity(outcomes: str, is_lost: bool) -> None:
    assert after(PACE, Report(outcomes), NOW).seeking is is_lost
    assert not after(PACE, Report(outcomes, is_uneven=True), NOW).seeking


def test_a_throttle_of_requests_that_were_sent_late_takes_less() -> None:
    late = Report("0" * 9 + "1", is_uneven=True)

    assert after(PACE, late, NOW).rate == pytest.approx(9.975)
    assert after(PACE, replace(late, outcomes="10" * 5), NOW).rate == pytest.approx(10 * 5 / 9), "capacity is gone"


def test_some_throttles_after_late_requests_are_no_lost_capacity() -> None:
    some = Report("0" * 15 + "1" * 5)

    assert after(PACE, some, NOW).seeking
    late = after(PACE, replace(some, is_uneven=True), NOW)
    assert not late.seeking
    assert 9.9 <= late.rate < 10
    assert late.ceiling == PACE.ceiling


@pytest.mark.parametrize("tps", [12.5, 25.0, 60.0])
def test_a_busy_worker_uses_nearly_all_of_what_a_sliding_window_admits(tps: float) -> None:
    done = [run_case(Case("busy", "sliding window", (tps, 1), 0.0, seed)) for seed in range(6)]

    assert mean(each.efficiency for each in done) >= 0.965
    assert mean(each.throttled for each in done) <= 0.005


def test_a_slow_start_grows_as_fast_with_several_workers_as_with_one() -> None:
    one = several = Pace(rate=20.0, units=1, slow_start=True)
    one = after(one, Report("0" * 20), NOW)
    for _ in range(4):
        several = after(several, Report("0" * 5), NOW)

    assert 20 < several.rate == pytest.approx(one.rate, rel=0.05)


def test_requests_that_were_sent_before_a_decrease_do_not_lower_the_rate_again() -> None:
    lowered = after(PACE, Report("10" * 5), NOW)

    assert after(lowered, Report("1" * 5), NOW + 0.3) == replace(lowered, next_free_at=NOW + 0.3 + PAUSE_S)
    assert after(lowered, Report("1" * 5), NOW + 2).rate < lowered.rate


def test_a_guess_that_is_throttled_again_pauses_as_a_window_may_be_used_up() -> None:
    guess = after(PACE, Report("10" * 5), NOW)

    assert guess.next_free_at == pytest.approx(NOW + PAUSE_S)
    assert after(guess, Report("01"), NOW + 0.3).next_free_at == pytest.approx(NOW + 0.3 + PAUSE_S)
    assert after(guess, Report("00"), NOW + 0.3).next_free_at == guess.next_free_at
    assert after(guess, Report("1"), NOW + 0.5).next_free_at == pytest.approx(NOW + 0.5 + PAUSE_S)


def test_a_probe_far_above_what_it_finds_is_followed_by_a_pause() -> None:
    probe = replace(PACE, rate=9.0, ceiling=5.0, seeking=True, answered=20, counted_from=NOW - 4)

    far = after(probe, Report("01"), NOW)
    assert (far.rate, far.next_free_at) == (pytest.approx(5.25), pytest.approx(NOW + PAUSE_S))
    near = after(replace(probe, rate=7.0), Report("01"), NOW)
    assert (near.rate, near.next_free_at) == (pytest.approx(5.25), 0.0)
    later = after(replace(probe, false_probes=PAUSED_PROBES), Report("01"), NOW)
    assert later.next_free_at == 0.0, "each pause lowers what a window is found to admit"
    unmeasured = after(replace(probe, measured=None), Report("01"), NOW)
    assert unmeasured.next_free_at == 0.0, "its credit would hide the limit"


@pytest.mark.parametrize(("share", "is_wrong"), [(0.88, True), (0.82, False)])
def test_a_measured_rate_was_wrong_if_probe_after_probe_finds_a_little_less(share: float, is_wrong: bool) -> None:
    answered = round(40 * share)
    guess = replace(PACE, rate=9.8, ceiling=10 * share, seeking=True, false_probes=6, answered=answered - 1)

    found = after(replace(guess, counted_from=NOW - 4), Report("01"), NOW)

    assert found.rate == pytest.approx(answered / 4)
    assert found.seeking is not is_wrong
    assert found.expected == pytest.approx(answered / 4 if is_wrong else 10.0)


def test_what_a_slow_start_finds_is_what_was_answered_whatever_it_guessed_before() -> None:
    probe = Pace(rate=50.0, units=1, ceiling=40.0, seeking=True, answered=23, counted_from=NOW - 1, false_probes=1)

    found = after(probe, Report("01"), NOW)

    assert found.rate == pytest.approx(FOUND_SHARE * 24)
    assert not found.seeking


@given(PACES, st.integers(1, 5))
def test_the_rate_follows_the_units_in_service_and_comes_back(pace: Pace, units: int) -> None:
    scaled = with_units(pace, units)

    assert scaled.rate == pytest.approx(pace.rate * units / pace.units)
    assert with_units(scaled, pace.units).rate == pytest.approx(pace.rate)


def test_a_limit_of_requests_in_flight_that_a_worker_found_ends_the_slow_start() -> None:
    found = after(Pace(rate=2.0, units=1, slow_start=True), Report("01010", cap=3), NOW)

    assert (found.cap, found.slow_start, found.rate) == (3, False, 2.0)
    assert after(replace(found, is_limited=False, cap=2), Report("0", cap=3), NOW).cap == 2


def test_a_limit_of_requests_in_flight_that_is_throttled_is_lowered_by_one_and_the_rate_is_what_is_left() -> None:
    limited = replace(PACE, rate=4.0, cap=5, is_limited=True, seeking=True)

    lowered = after(limited, Report("0101", cap=4), NOW)

    assert (lowered.cap, lowered.seeking) == (4, False)
    assert after(lowered, Report("0101", cap=4), NOW).cap == 4, "another worker found the same"
    assert lowered.rate == pytest.approx(START_SHARE * 10 * 4 / 5)


def test_a_measurement_that_is_too_high_costs_a_limited_model_few_throttles() -> None:
    """Its limit of requests in flight, TPS x p50, is one too high then."""
    case = Case("short", "concurrency limit", (60.0, 1), 0.05, 902)
    assert first_pace(1, case.measured()).cap == (case.truth.executors or 0) + 1

    done = run_case(case)

    assert done.efficiency >= 0.85
    assert done.throttled <= 0.005


def test_a_small_part_of_the_benchmark_reaches_its_goals() -> None:
    cases = [
        Case("measured", "token bucket", (5.0, 1), -0.05, 1),
        Case("unmeasured", "token bucket", (5.0, 1), None, 3),
        Case("measured", "fixed window", (5.0, 1), 0.025, 1),
        Case("measured", "concurrency limit", (5.0, 1), 0.0, 2),
        Case("unmeasured", "token bucket, 10 s of credit", (5.0, 1), None, 1),
        Case("unmeasured", "token bucket, 10 s of credit", (12.5, 2), None, 35),
        Case("outage", "sliding window", (5.0, 1), 0.0, 4),
        Case("outage", "fixed window", (12.5, 2), 0.0, 1),
        Case("units doubled", "pool with a queue", (5.0, 1), 0.0, 5),
    ]

    checked = goals([run_case(case) for case in cases])

    assert len(checked.each) >= 10
    assert not checked.missed, checked.table


def test_a_pace_that_ignores_throttles_misses_the_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(pace: Pace, report: Report, now: float) -> Pace:
        return replace(pace, rate=1.2 * pace.rate / START_SHARE) if pace.ceiling is None else pace

    monkeypatch.setattr("simulation.pacing.paced_batch.after", lambda *given: replace(deaf(*given), ceiling=1.0))

    assert goals([run_case(Case("measured", "token bucket", (5.0, 1), 0.0, 1))]).missed


@pytest.mark.parametrize("tps", [12.5, 25.0, 40.0])
def test_of_a_model_that_halves_for_a_third_of_the_time_a_batch_uses_nearly_all(tps: float) -> None:
    used, throttled, third_s = [], [], 16 * 25 / tps
    for seed in range(4):
        begins_s = third_s * (0.7 + 0.2 * seed)
        tempo = Tempo(((0.0, 1.0), (begins_s, 0.5), (begins_s + third_s, 1.0)))
        service = UnsteadyService(ModelTruth(tps_per_iu=tps, latency_mean_s=0.08, seed=seed), Around(tempo))
        done = run_batch(service, first_pace(1, MeasuredRate(tps, 0.08)), 3 * third_s, seed=str(seed)).between(
            0, 3 * third_s
        )
        used.append(done["accepted"] / (tps * tempo.work_until(int(3 * third_s))))
        throttled.append(done["throttled"] / done.total())

    assert mean(used) >= 0.97
    assert min(used) >= 0.94
    assert mean(throttled) <= 0.012


@pytest.mark.parametrize("limiter", ["token_bucket", "fixed_window", "sliding_window", "executor_pool"])
@pytest.mark.parametrize("tps", [5.0, 25.0, 100.0])
def test_without_a_measurement_a_few_throttles_find_any_rate(limiter: str, tps: float) -> None:
    service = UnsteadyService(ModelTruth(tps_per_iu=tps, limiter=limiter, latency_mean_s=0.15), Around(Tempo()))

    sent = run_batch(service, first_pace(1, None), 60.0)

    assert sent.between(0, 60)["throttled"] <= 8 + tps / 6, "a few, and those that are on their way meanwhile"
    assert sent.between(30, 60)["accepted"] >= 0.85 * 30 * tps


def test_a_throttled_probe_ends_at_what_was_answered_since_the_last_throttle() -> None:
    lost = after(PACE, Report("10" * 5), NOW)
    probed = after(replace(lost, answered=0, counted_from=NOW), Report("0" * 12), NOW + 2)
    throttled = after(replace(probed, rate=9.0), Report("0" * 8 + "1"), NOW + 5)

    assert lost.seeking
    assert probed.rate > PROBE_RATIO * lost.rate
    assert throttled.rate == pytest.approx(20 / 5), "the first guess was wrong, so it is no floor"
    later = after(replace(probed, rate=9.0, false_probes=1), Report("0" * 8 + "1"), NOW + 5)
    assert later.rate == pytest.approx(0.9 * lost.rate), "a guess that a probe has found falls by a tenth at most"
