"""What the method answers for made-up counts, and for simulated models in virtual time, down to the last digit.

`python -m tests.unit.capacity.known_answers` writes the answers anew after a change of the method that is meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import PacedCounts, paced_part
from lambdas.capacity.looks import Look, jitter, last_level, look
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.ramp import saturated_part
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import has_refused_workers, is_stalled, is_usable, limiting_factor
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient, run_search

FILE = Path(__file__).with_name("known_answers.json")
STRETCHES, STEPS = 160, 120
QUICK, PRECISE = SearchLimits(mode="quick"), SearchLimits(mode="precise")
SEARCHES: list[tuple[SearchLimits, dict[str, Any]]] = [
    (SearchLimits(), {"tps_per_iu": 5.0}),
    (SearchLimits(), {"tps_per_iu": 12.0, "burst_s": 6.0}),
    (SearchLimits(), {"tps_per_iu": 20.0, "other_client_share": 0.3}),
    (SearchLimits(), {"tps_per_iu": 8.0, "latency_cv": 1.5, "limiter": "executor_pool"}),
    (SearchLimits(), {"tps_per_iu": 15.0, "latency_cv": 0.8, "limiter": "executor_pool", "queue_length": 12}),
    (SearchLimits(), {"tps_per_iu": 10.0, "limiter": "fixed_window", "window_s": 6.0}),
    (SearchLimits(), {"tps_per_iu": 10.0, "limiter": "sliding_window"}),
    (SearchLimits(), {"tps_per_iu": 12.0, "limiter": "executor_pool", "queue_length": 1000}),
    (SearchLimits(), {"tps_per_iu": 18.0, "drift_amplitude": 0.3, "drift_period_s": 40.0}),
    (SearchLimits(), {"tps_per_iu": 18.0, "drift_amplitude": 0.08, "drift_period_s": 90.0}),
    (SearchLimits(), {"tps_per_iu": 9.0, "random_500_share": 0.05}),
    (SearchLimits(), {"tps_per_iu": 9.0, "random_500_share": 0.3}),
    (SearchLimits(), {"tps_per_iu": 9.0, "hang_share": 0.02}),
    (SearchLimits(), {"tps_per_iu": 30.0, "account_tps": 20.0}),
    (SearchLimits(), {"tps_per_iu": 14.0, "outage": "45:48:0.001"}),
    (SearchLimits(), {"tps_per_iu": 14.0, "outage": "15:70:0.7"}),
    (SearchLimits(max_concurrency=8), {"tps_per_iu": 60.0}),
    (QUICK, {"tps_per_iu": 7.0}),
    (QUICK, {"tps_per_iu": 30.0, "limiter": "fixed_window", "window_s": 8.0}),
    (PRECISE, {"tps_per_iu": 6.0, "latency_cv": 1.0, "limiter": "executor_pool"}),
    (PRECISE, {"tps_per_iu": 11.0}),
]


def answers() -> dict[str, list[str]]:
    """Each kind of answers, a line for each case."""
    looks = [last_level(counts, attempts_tps=3.0 * max(counts)) for counts in _stretches()]
    return {
        "stretches": [_of_stretch(counts) for counts in _stretches()],
        "pairs": [_of_pair(one, other) for one, other in pairwise(looks)],
        "steps": [_of_step(_step(number)) for number in range(STEPS)],
        "searches": [_of_search(limits, truth) for limits, truth in SEARCHES],
    }


def _stretches() -> Iterator[list[int]]:
    """Accepted requests by the second: steady, noisy, of two levels, in waves, with pauses."""
    for number in range(STRETCHES):
        random = Random(number)
        level, seconds = random.choice([0, 1, 2, 4, 7, 12, 20, 35]), random.randint(1, 22)
        spread = random.choice([0, 0, 1, 1, 2, 6])
        counts = [max(0, level + random.randint(-spread, spread)) for _ in range(seconds)]
        match number % 5:
            case 1:
                start, by = random.randint(0, seconds), random.choice([-4, -2, -1, 1, 2, 5, 12])
                counts = [max(0, count + by) if second < start else count for second, count in enumerate(counts)]
            case 2:
                period = random.randint(2, 7)
                counts = [count * period * (second % period == 0) for second, count in enumerate(counts)]
            case 3:
                counts[random.randrange(seconds)] = random.choice([0, 0, level // 2])
        yield counts


def _of_stretch(counts: list[int]) -> str:
    seen = Look(tuple(counts))
    last = last_level(counts)
    return _line(
        estimator.interval(counts),
        estimator.interval(counts, noisy=True),
        estimator.max_deviation(counts),
        jitter(counts),
        *(estimator.is_steady(counts, half) for half in (0.0, 0.5)),
        estimator.period_of(counts),
        estimator.is_windowed(counts),
        estimator.rate_between_refills(counts),
        estimator.seconds_between_refills(counts),
        (last.cut_seconds, last.has_risen),
        (seen.has_pause, seen.is_conclusive, seen.is_noisy),
        agreement.noise_half_width([seen]),
    )


def _of_pair(one: Look, other: Look) -> str:
    paced = PacedCounts(
        0.5 * one.attempts_tps, other.counts, sum(one.counts) // 9, sum(one.counts) // 30, 0.0, one, LatencyHistogram()
    )
    return _line(
        agreement.agree(one, other),
        agreement.pooled_rate([one, other]),
        agreement.spanning_interval([one, other]),
        agreement.noise_half_width([one, other]),
        agreement.is_too_noisy([one, other]),
        agreement.fair_share(one, paced) if one.rate.estimate else None,
        paced.clean_rate is not None,
        paced.clean_rate and paced.clean_rate.throttle_ratio_below,
    )


def _step(number: int) -> StepCounts:
    """A step of a few workers, some of them late, lost, strained or stalled."""
    random = Random(number)
    workers, base_s = random.randint(1, 4), random.choice([3.0, 6.0, 12.0])
    paced_s = random.choice([0.0, 7.0])
    plan = StepPlan(
        "ramp", 4 * workers, workers, base_s, 12.0, 12.0, paced_tps=9.0 if paced_s else 0.0, paced_s=paced_s
    )
    lost = random.choice([0, 0, 0, 1])
    made = [_worker(random, base_s, random.choice([0, 1, 3, 6, 12])) for _ in range(workers - min(lost, workers - 1))]
    return StepCounts(plan, made, random.choice([0, lost]))


def _worker(random: Random, base_s: float, throttled: int) -> WorkerCounts:
    length_s = random.choice([base_s, base_s, 12.0])
    seconds, since = int(length_s) + 7, random.choice([0, 0, 2, 5])
    accepted = [random.randint(3, 6) for _ in range(seconds)]
    refused = [0 if second < since else random.randint(throttled // 2, throttled) for second in range(seconds)]
    latency = LatencyHistogram()
    for _ in range(sum(accepted)):
        latency.add(random.uniform(0.1, 0.4))
    names = random.choice([{}, {}, {"InternalServerError": 14}, {"ThrottlingException": 5}, {"no reply": 3}])
    failed = [sum(names.values())] if names else []
    ready_s, usage = random.choice([-0.2, -0.2, 0.4, 1.3]), random.choice([1.0, 0.9, 0.86, 0.85, 0.84])
    late, cpu = random.choice([0, 1, 4]), random.choice([0.1, 0.1, 0.7, 0.71])
    stalls = sorted(random.sample(range(int(length_s)), random.choice([0, 0, 1, 2])))
    return WorkerCounts(
        accepted, refused, failed, accepted, names, latency, length_s, ready_s, usage, late, 1, cpu, 1e6, stalls
    )


def _of_step(counts: StepCounts) -> str:
    part, seen, paced = saturated_part(counts), look(counts), paced_part(counts)
    return _line(
        (is_usable(counts), is_stalled(counts), has_refused_workers(counts), limiting_factor(counts)),
        estimator.saturated_seconds(counts),
        estimator.saturated_seconds(counts, 3),
        estimator.accepted_rate(counts),
        part and [(worker.seconds, worker.ready_s) for worker in part.workers],
        seen and (seen.counts, seen.attempts_tps, seen.cut_seconds, seen.has_risen),
        (paced.accepted_by_second, paced.throttled, paced.failed, paced.late_share),
        estimator.widen_by_lost_requests(Interval(5.0, 4.5, 5.5), counts.unanswered_tps),
    )


def _of_search(limits: SearchLimits, truth: dict[str, Any]) -> str:
    run = run_search(VirtualClient(SimulatedService(ModelTruth(**truth), 1), seed=1), limits)
    plans = [
        (plan.phase, plan.lanes, plan.workers, plan.base_s, plan.max_s, plan.paced_tps, plan.paced_s, plan.wait_s)
        for plan in (counts.plan for counts in run.history)
    ]
    return _line(*plans, _of_measurement(run.measurement))


def _of_measurement(found: Measurement) -> list[Any]:
    others = [
        getattr(found, name) for name in ("ending", "concurrency", "max_tps", "is_confirmed", "is_windowed", "looks")
    ]
    clean = found.clean_rate and (found.clean_rate.tps, found.clean_rate.sent, found.clean_rate.throttled)
    return [*others, found.late_share, found.unsettled_reason, clean]


def _line(*values: Any) -> str:
    return " ".join(_text(value) for value in values)


def _text(value: Any) -> str:
    kinds: list[tuple[Callable[[Any], bool], Callable[[Any], str]]] = [
        (lambda each: each is None, lambda _: "-"),
        (lambda each: isinstance(each, bool), lambda each: "ny"[each]),
        (lambda each: isinstance(each, float), lambda each: f"{each:.5g}"),
        (lambda each: isinstance(each, Interval), lambda each: _text((each.estimate, each.low, each.high))),
        (lambda each: isinstance(each, tuple | list), lambda each: ",".join(map(_text, each))),
    ]
    return next((text(value) for is_it, text in kinds if is_it(value)), str(value))


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), indent=0), "utf-8")
