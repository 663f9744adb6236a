"""`python -m bench.constants`: where the constants of the search come from: simulated, and printed as Markdown tables.

- the width of an interval by its number of seconds (`estimator`): counts that vary by chance, 95 % covered;
- how often steady counts are cut as if they had shifted (`looks.SHIFT_ERRORS`), and how small a shift is found;
- how many of the probe's requests (`saturated.PROBE_SHARE`) a limiter throttles, and one that carries more;
- how far the mean of two looks is off, that are as far apart as `agreement.AGREEMENT_TOLERANCE` lets them;
- what counting in whole seconds leaves open (`estimator.COUNTING_ERROR`);
- what noise of `agreement.MAX_NOISE_SHARE` leaves open;
- how often the halves of a steady step seem to differ (`estimator.STEADY_ERRORS`), and those of one that moved;
- after which doublings of the concurrency a pool seems to queue (`ramp.QUEUE_FACTORS`, `ramp.POSSIBLE_QUEUE_FACTORS`);
- what a model throttles of requests that come at random (`recommendation.POISSON_THROTTLE_SHARE`).
"""

from __future__ import annotations

import argparse
import heapq
import math
import sys
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean, median

from bench.tables import markdown, percentile
from lambdas.capacity import agreement, looks, ramp, saturated
from lambdas.capacity.rates import estimator
from lambdas.planning.recommendation import POISSON_TPS, THROTTLE_FREE_TPS
from local.simulated_model.limiters import TokenBucket

Row = tuple[str, ...]
MEAN = 100.0  # of simulated counts: far enough from 0


def widths(runs: int) -> list[Row]:
    """By seconds: k with which mean ± k D / seconds covers 95 % of independent normal counts, and the one in use."""
    rows: list[Row] = []
    for seconds, used in estimator.WIDTH_BY_SECONDS:
        random = Random(f"widths/{seconds}")
        ratios = []
        for _ in range(runs):
            counts = [random.gauss(MEAN, 10.0) for _ in range(seconds)]
            ratios.append(abs(fmean(counts) - MEAN) * seconds / estimator.max_deviation(counts))
        rows.append((str(seconds), f"{percentile(ratios, 95):.2f}", f"{used:.2f}"))
    return rows


def false_cuts(runs: int) -> list[Row]:
    """By threshold, in noise: steady stretches of 11 s that are cut, and shifts of 10, 20 and 30 % that are found."""

    def is_cut(counts: list[int], errors: float) -> bool:
        return looks.last_level(counts, shift_errors=errors).cut_seconds > 0

    return _found(runs, "cuts", (5, 6), (3.0, 3.5, 4.0, looks.SHIFT_ERRORS, 5.0, 6.0), is_cut)


def moves(runs: int) -> list[Row]:
    """By threshold: 12-s steps whose halves seem to differ, of a steady rate, and of one that moved by a share."""

    def has_moved(counts: list[int], errors: float) -> bool:
        return not estimator.is_steady(counts, 0.0, errors=errors)

    return _found(runs, "moves", (6, 6), (2.0, 3.0, estimator.STEADY_ERRORS, 5.0), has_moved)


def _found(
    runs: int,
    name: str,
    seconds: tuple[int, int],
    thresholds: Sequence[float],
    is_found: Callable[[list[int], float], bool],
) -> list[Row]:
    """By threshold, in standard errors: the percentage found of no shift, and of shifts by 10, 20 and 30 %.

    A stretch has so many seconds before and after its shift.
    """

    def share(errors: float, shift: float) -> float:
        random, found = Random(f"{name}/{shift}"), 0
        levels = [MEAN] * seconds[0] + [MEAN * (1 - shift)] * seconds[1]
        for _ in range(runs):
            found += is_found([max(0, round(random.gauss(level, 5.0))) for level in levels], errors)
        return found / runs

    return [
        (f"{errors:g}", *(f"{100 * share(errors, shift):.1f}" for shift in (0.0, 0.1, 0.2, 0.3)))
        for errors in thresholds
    ]


def probes(runs: int) -> list[Row]:
    """By the probe's rate: what of it a limiter of the estimated rate throttles, in percent, and one 12 % faster."""
    return [
        (f"{share:g}", f"{100 * (1 - 1 / share):.1f}", *(f"{_throttled(runs, share, tps):.1f}" for tps in (1.0, 1.12)))
        for share in (1.06, saturated.PROBE_SHARE, 1.2)
    ]


def _throttled(runs: int, share: float, tps: float) -> float:
    """Mean percentage of evenly paced requests throttled by buckets that are empty at the start."""
    random, shares = Random("probes"), []
    for _ in range(max(1, runs // 100)):
        rate = random.uniform(10, 60)
        bucket = TokenBucket(rate * tps, rate * tps)
        while bucket.offer(0.0, 0.0) is not None:
            pass
        sent = round(share * rate * (saturated.PROBE_S - 1))
        passed = sum(bucket.offer(number / (share * rate), 0.0) is not None for number in range(1, sent + 1))
        shares.append(100 * (1 - passed / sent))
    return fmean(shares)


def agreements(runs: int) -> list[Row]:
    """By the difference that passes: how far the mean of an 11-s and a 6-s look is off, worst case, after a shift."""
    rows: list[Row] = []
    for share in (0.04, agreement.AGREEMENT_TOLERANCE, 0.10):
        random, errors = Random("agreements"), []
        for _ in range(runs):
            shift = random.uniform(-share, share)
            errors.append(100 * abs((1 + (1 + shift)) / 2 / (1 + shift) - 1))
        rows.append((f"{100 * share:g}", f"{max(errors):.1f}", f"{100 * share:g}"))
    return rows


def counting(runs: int) -> list[Row]:
    """By bound, in counts: the stretches of 5 to 12 s whose sum a limiter's true rate misses by more, in percent."""
    random, missed = Random("counting"), []
    for _ in range(runs):
        seconds, rate, phase = random.randint(5, 12), random.uniform(1, 60), random.random()
        late = random.uniform(0, 0.5), random.uniform(0, 0.5)  # lanes come a little after a token is there
        first, last = (math.floor(rate * at - wait + phase) for at, wait in ((0, late[0]), (seconds, late[1])))
        missed.append(abs(last - first - rate * seconds))
    return [
        (f"{bound:g}", f"{100 * fmean(miss > bound for miss in missed):.2f}")
        for bound in (1.0, estimator.COUNTING_ERROR, 2.0)
    ]


def soundness(_: int) -> list[Row]:
    """By the noise that passes as ok: the standard errors that a mistake of 10 % is."""
    return [
        (f"{100 * share:g}", f"{0.10 / (share / agreement.NOISE_ERRORS):.1f}")
        for share in (0.05, agreement.MAX_NOISE_SHARE, 0.10)
    ]


def doublings(runs: int) -> list[Row]:
    """By lanes per executor before they double: the growth of TPS and latency, and the doublings that count."""
    random, rows = Random("doublings"), list[Row]()
    for load in (0.25, 0.5, 0.6, 0.75, 1.0, 2.0):
        grown = [_doubled(random, load) for _ in range(max(1, runs // 100))]
        shares = [
            100 * fmean(tps < factors[0] and latency > factors[1] for tps, latency in grown)
            for factors in (ramp.POSSIBLE_QUEUE_FACTORS, ramp.QUEUE_FACTORS)
        ]
        growth = [median(each) for each in zip(*grown, strict=True)]
        rows.append((f"{load:g}", *(f"{each:.2f}" for each in growth), *(f"{each:.0f}" for each in shares)))
    return rows


def _doubled(random: Random, load: float) -> tuple[float, float]:
    """The growth of a pool's TPS and median latency when its `load` lanes per executor double."""
    executors, mean_s = random.choice((4, 8, 20)), random.uniform(0.1, 0.4)
    (tps, latency), (more_tps, more_latency) = (
        _closed_loop(random, executors, round(lanes * executors), mean_s) for lanes in (load, 2 * load)
    )
    return more_tps / tps, more_latency / latency


def _closed_loop(random: Random, executors: int, lanes: int, mean_s: float) -> tuple[float, float]:
    """Replies per second of `lanes` lanes at a pool for `ramp.SHORT_STEP_S`, and their median latency."""
    free, waiting = [0.0] * executors, [0.0] * max(1, lanes)  # when each is free, when each lane sends
    latencies: list[float] = []
    while (sent_s := heapq.heappop(waiting)) < ramp.SHORT_STEP_S:
        ready_s = max(sent_s, heapq.heappop(free)) + random.gammavariate(11.0, mean_s / 11.0)  # varies by 30 %
        heapq.heappush(free, ready_s)
        heapq.heappush(waiting, ready_s)
        if ready_s < ramp.SHORT_STEP_S:
            latencies.append(ready_s - sent_s)
    return len(latencies) / ramp.SHORT_STEP_S, median(latencies)


def random_requests(runs: int) -> list[Row]:
    """By the rate of a token bucket with 1 s of credit: its use, and what it throttles of Poisson requests."""
    rows: list[Row] = []
    for carried in (POISSON_TPS, 16, 17, 18, THROTTLE_FREE_TPS):
        random, bucket, now_s, throttled = Random("random requests"), TokenBucket(carried, carried), 0.0, 0
        for _ in range(10 * runs):
            now_s += random.expovariate(POISSON_TPS)
            throttled += bucket.offer(now_s, 0.0) is None
        rows.append((f"{carried:g}", f"{100 * POISSON_TPS / carried:.0f}", f"{10 * throttled / runs:.1f}"))
    return rows


TABLES: dict[str, tuple[Row, Callable[[int], Sequence[Row]]]] = {
    "Width of an interval": (("seconds", "simulated k", "k in use"), widths),
    "Shifts": (("noise", "steady, cut %", "10 %, found %", "20 %, found %", "30 %, found %"), false_cuts),
    "Probe": (("share", "expected %", "throttled % by the same rate", "by one 12 % faster"), probes),
    "Agreement": (("apart %", "mean off by at most %", "last look off by at most %"), agreements),
    "Counting": (("counts", "missed by more, %"), counting),
    f"Random requests, {POISSON_TPS}/s": (
        ("carried/s", "busy %", "throttled %"),
        lambda runs: random_requests(10 * runs),
    ),
    "Halves": (("errors", "steady, differ %", "10 % moved, seen %", "20 %, seen %", "30 %, seen %"), moves),
    "Doublings": (("lanes per executor", "TPS grows", "latency grows", "may queue %", "queues %"), doublings),
    "Noise": (("half-width %", "10 % off is so many standard errors"), soundness),
}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.constants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000, help="simulated stretches per row")
    chosen = parser.parse_args(arguments)
    for title, (header, rows) in TABLES.items():
        print(f"{title}\n\n{markdown(header, rows(chosen.seeds))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
