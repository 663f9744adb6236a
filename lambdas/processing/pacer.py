"""The pacer: how many requests per second a model carries, from what it accepts and throttles. Pure.

All workers of a model share one `Pace`. About once a second each worker reports what the model answered (`after`) and
reserves its next slots (`lambdas.processing.slots`). The rate follows the model:

- Without throttles it grows: slowly up to the ceiling, which is the measured rate or the rate at the last throttle;
  then above it. If the model turns out to carry much more, it grows faster and faster.
- A throttle lowers it by 1 %, others soon after it by more. A probe above the ceiling that is throttled ends below
  the ceiling, and the next one comes later. If many of the latest requests are throttled, capacity is gone: the rate
  falls to the accepted share.
- Then, and far below the measured rate, it is a guess that is probed often: the rate goes up to the measured one within
  a second or two. If a probe is throttled, the rate becomes what was answered per second since the last throttle:
  between two throttles a bucket gains no credit, so that is what the model carries.
- Without a measurement the rate starts low and grows each second until the first throttle. Half of it is the guess
  then, and what the first probe finds is the measured rate.

The constants were chosen with `python -m bench.pacer`, which measures these rules in virtual time (docs/pacing.md).
"""

from __future__ import annotations

import math
from dataclasses import replace

from lambdas.processing.pace import LOW_SHARE, Pace, Report

START_SHARE = 0.98  # of the measured rate at the start
RATE_STEP = 0.01  # of the rate: what a throttle takes, and the unit of the growth below
# A throttle that may be due to a request that was sent late takes less: a slower pace would not help.
UNEVEN_RATE_STEP = RATE_STEP / 4
# Requests per RATE_STEP before the first throttle; near the measured rate.
FIRST_STEP_REQUESTS, NEAR_STEP_REQUESTS = 120, 300
# Requests and seconds per RATE_STEP up to a ceiling that was throttled.
RETURN_STEP_REQUESTS, RETURN_STEP_S = 1000, 90.0
MOST_FALSE_PROBES = 2  # each probe that was throttled doubles them, up to so many times
PROBE_PER_S = 0.0005  # growth above the ceiling: a bucket's burst credit is spent before the rate is far too high
FAR_EXCESS = 0.2  # of the ceiling: beyond this, growth accelerates (cubic, as in TCP CUBIC, RFC 9438)
PROBE_REQUESTS, PROBE_S = 8, 0.5  # unit of the accelerated growth, in requests but at least so long; it doubles in 4.6
# A guess is probed after so many requests, the first time and later; after so many probes that were throttled each
# further one makes them more.
FIRST_SEEK_REQUESTS, SEEK_REQUESTS, EVEN_SEEKS, SEEK_GROWTH, MOST_SEEKS = 12, 20, 4, 1.1, 24
SLOW_GROWTH = 0.05  # growth until then, as a limit without credit answers no more than it is asked
SEEK_STEP, SEEK_S = 1.7, 0.3  # a probe grows by this each FIRST_SEEK_REQUESTS, but at least so long
UNMEASURED_STEP = 1.5  # without a measured rate it goes so far above the guess
HELD_REQUESTS, HELD_S = 24, 1.4  # a probe without a throttle has found the rate after so many, but at least so long
# A measured rate was wrong if so many probes find less, but not less than this share of it.
WRONG_PROBES, WRONG_SHARE = 6, 0.85
PROBE_RATIO = 1.05  # of a guess: a rate above it is a probe
# Of what a slow start's first probe finds, and of the guess: reports of workers overlap.
FOUND_SHARE, MAX_FOUND_SHARE = 0.95, 1.1
# Capacity is gone if so many of the latest outcomes are throttles, or so many of the last six. If requests were sent
# late, which have taken the place of others in a window, only if it is that share.
KEPT_OUTCOMES, OUTAGE_THROTTLES, SUDDEN_OUTCOMES, SUDDEN_THROTTLES, UNEVEN_OUTAGE_SHARE = 20, 4, 6, 3, 0.5
# More is gone if so many requests of a guess are throttled; so many, if none was answered: a window may be used up.
LOST_THROTTLES, USED_UP_THROTTLES = 2, 4
LEAST_SHARE, MOST_SHARE = 0.5, 0.8  # what is left of the rate then
PAUSE_S = 0.4  # then nobody sends for so long, as a window may be used up; a bucket gains credit
# Each of the first probes, too, if it was throttled so far above what it found.
PAUSED_PROBES, USED_UP_RATIO = 3, 1.5
# Outcomes so soon after a decrease are of requests that were sent before it; a throttle of a guess is reported at once.
REST_S, SEEK_REST_S = 0.8, 0.4
SLOW_START_TPS, SLOW_START_GROWTH = 1.0, 1.35  # per inference unit; per second
LEAST_TPS = 0.1
MIN_USED_SHARE = 0.5  # a report with a smaller share of its slots used proves nothing


def after(pace: Pace, report: Report, now: float) -> Pace:
    """The pace after a worker's report at `now`.

    A throttle soon after a decrease is of a request that was sent before it. Many of them after a small decrease
    show that capacity is gone. One that may be due to a late request leaves the ceiling where it is.
    """
    if report.cap is not None and pace.cap is None:
        limited_pace = replace(pace, cap=report.cap, is_limited=True, measured=None, answered=0, counted_from=now)
        return replace(limited_pace, slow_start=False, seeking=True, ceiling=pace.rate, recent="")
    # Not what another worker has reported before, nor what is known and comes again after the table did not answer.
    if report.cap is not None and pace.cap is not None and pace.is_limited and report.cap < pace.cap:
        return _with_cap(pace, pace.cap - 1)
    is_resting = now < pace.lowered_at + (SEEK_REST_S if pace.seeking else REST_S)
    pace = replace(pace, answered=pace.answered + report.accepted, counted_from=pace.counted_from or now)
    if is_resting and pace.seeking:
        return _paused(pace, now) if "1" in report.outcomes else pace
    kept_count = max(KEPT_OUTCOMES, len(report.outcomes))
    pace = replace(pace, recent=(pace.recent + report.outcomes)[-kept_count:])
    if "1" in report.outcomes and (not is_resting or is_outage(pace.recent, is_uneven=report.is_uneven)):
        return _lowered(pace, report, now)
    slots = report.accepted + report.unused
    return pace if is_resting or report.accepted < MIN_USED_SHARE * slots else _raised(pace, report, now)


def _with_cap(pace: Pace, cap: int) -> Pace:
    """The pace of a model that throttled with one more in flight, while the rate was not too high."""
    rate = max(pace.rate, START_SHARE * (pace.expected or 0.0) * cap / (cap + 1))
    return replace(pace, cap=cap, rate=rate, ceiling=rate, seeking=False, recent="")


def is_outage(outcomes: str, *, is_uneven: bool) -> bool:
    """Whether these latest outcomes show that capacity is gone."""
    throttled = outcomes.count("1")
    if is_uneven:
        return throttled >= max(OUTAGE_THROTTLES, UNEVEN_OUTAGE_SHARE * len(outcomes))
    return throttled >= OUTAGE_THROTTLES or outcomes[-SUDDEN_OUTCOMES:].count("1") >= SUDDEN_THROTTLES


def _lowered(pace: Pace, report: Report, now: float) -> Pace:
    throttled, known_rate = pace.recent.count("1"), pace.ceiling or pace.expected or pace.rate
    answered, answered_rate = pace.answered, pace.answered / max(now - pace.counted_from, 1e-3)
    pace = replace(pace, answered=0, counted_from=now)
    lowered = replace(pace, lowered_at=now, slow_start=False, ceiling=pace.rate)
    if pace.seeking and answered >= FIRST_SEEK_REQUESTS:
        return _with_guess(lowered, answered_rate, known_rate)
    if pace.slow_start or _is_lost(pace, report):
        share = LEAST_SHARE if pace.slow_start else min(max(_accepted_share(pace.recent), LEAST_SHARE), MOST_SHARE)
        rate = max(LEAST_TPS, share * pace.rate)
        lost_pace = replace(lowered, seeking=True, recent="", false_probes=0, rate=rate, ceiling=rate)
        return replace(lost_pace, next_free_at=now + PAUSE_S)
    excess = 0.0 if pace.ceiling is None else FAR_EXCESS
    if pace.rate > (1 + excess) * known_rate:  # the model carries more than the ceiling, or had much credit
        return _with_rate(lowered, math.sqrt(pace.rate * known_rate))
    if pace.rate > known_rate and not report.is_uneven:
        false_probes = min(pace.false_probes + 1, MOST_FALSE_PROBES)
        ceiling = min(pace.rate, (1 + RATE_STEP) * known_rate)
        return _with_rate(replace(lowered, ceiling=ceiling, false_probes=false_probes), (1 - RATE_STEP) * known_rate)
    if pace.seeking:  # again after few requests
        return _with_rate(_paused(lowered, now), (1 - RATE_STEP) * pace.rate)
    rate = pace.rate * (1 - (UNEVEN_RATE_STEP if report.is_uneven else RATE_STEP * 2 ** (throttled - 1)))
    # A probe used up what a window admits.
    if known_rate > MAX_FOUND_SHARE * pace.rate and now < pace.lowered_at + 2 * REST_S:
        return _with_rate(pace, rate)
    # It grew fast.
    if pace.ceiling and answered >= FIRST_SEEK_REQUESTS and known_rate > (1 + RATE_STEP) * pace.rate:
        rate = min(rate, max(answered_rate, FOUND_SHARE * pace.rate))
    return _with_rate(replace(lowered, ceiling=pace.ceiling) if report.is_uneven else lowered, rate)


def _is_lost(pace: Pace, report: Report) -> bool:
    """Whether capacity is gone, or more of it."""
    if not pace.seeking:
        return is_outage(pace.recent, is_uneven=report.is_uneven)
    return pace.recent.count("1") >= (LOST_THROTTLES if "0" in pace.recent else USED_UP_THROTTLES)


def _with_guess(pace: Pace, answered_rate: float, known_rate: float) -> Pace:
    """The pace after a throttle while the rate is a guess. `answered_rate` counts from the last throttle."""
    is_probe = pace.rate > PROBE_RATIO * known_rate
    # Not the first guess, which is of a window that was used up.
    is_known = is_probe and pace.expected is not None and pace.false_probes > 0
    guess = max(answered_rate, LOW_SHARE * known_rate) if is_known else answered_rate
    rate = max(LEAST_TPS, min(guess, (1 - RATE_STEP) * pace.rate))
    if pace.expected is None and is_probe and not pace.is_limited:
        rate = min(rate, MAX_FOUND_SHARE * known_rate)
        found_pace = replace(pace, seeking=False, false_probes=0, recent="", measured=FOUND_SHARE * rate / pace.units)
        return _with_rate(found_pace, FOUND_SHARE * rate)
    guessed_pace = replace(pace, rate=rate, recent="")
    if pace.expected is not None:
        if pace.false_probes < PAUSED_PROBES and pace.rate > USED_UP_RATIO * rate:
            guessed_pace = replace(_paused(guessed_pace, pace.lowered_at), counted_from=pace.lowered_at + PAUSE_S / 2)
        # Capacity is back, or the measured rate was wrong.
        enough_probes = WRONG_PROBES if guessed_pace.is_low else MOST_FALSE_PROBES
        if rate >= WRONG_SHARE * pace.expected and pace.false_probes >= enough_probes:
            return replace(guessed_pace, seeking=False, false_probes=0, measured=rate / pace.units)
    return replace(guessed_pace, ceiling=rate, false_probes=min(pace.false_probes + 1, MOST_SEEKS))


def _paused(pace: Pace, now: float) -> Pace:
    """The pace while nobody sends, as what a window admits may be used up."""
    return replace(pace, next_free_at=max(pace.next_free_at, now + PAUSE_S))


def _accepted_share(recent: str) -> float:
    """The accepted share of the outcomes after the first throttle."""
    later_outcomes = recent[recent.index("1") + 1 :]
    return later_outcomes.count("0") / len(later_outcomes) if later_outcomes else 1.0


def _with_rate(pace: Pace, rate: float) -> Pace:
    return replace(pace, rate=max(LEAST_TPS, rate))


def _raised(pace: Pace, report: Report, now: float) -> Pace:
    if pace.slow_start:
        seconds = report.accepted / pace.rate  # of all workers: each one reports its own part of the requests
        return _with_rate(pace, pace.rate * SLOW_START_GROWTH ** min(1.0, seconds))
    if pace.seeking:
        return _seek(pace, report, now)
    if pace.is_low:
        return _seek(replace(pace, seeking=True, ceiling=pace.rate), report, now)
    ceiling = pace.ceiling or pace.expected or pace.rate
    if pace.rate >= ceiling:
        return _probing(pace, ceiling, report.accepted / pace.rate)
    growth = max(RATE_STEP, (ceiling / pace.rate - 1) / 2)
    raised = pace.rate * (1 + growth * report.accepted / _requests_per_step(pace))
    return _with_rate(pace, min(ceiling, raised))


def _seek(pace: Pace, report: Report, now: float) -> Pace:
    """The pace while the rate is a guess. Once it is near the measured one again, that is the start again."""
    later_requests = SEEK_REQUESTS * SEEK_GROWTH ** max(0, pace.false_probes - EVEN_SEEKS)
    wait_requests = later_requests if pace.false_probes else FIRST_SEEK_REQUESTS
    if pace.answered < wait_requests:
        return _with_rate(pace, pace.rate * (1 + SLOW_GROWTH * report.accepted / wait_requests))
    top_rate = UNMEASURED_STEP * (pace.ceiling or pace.rate) if pace.expected is None else START_SHARE * pace.expected
    if pace.rate >= LOW_SHARE * top_rate and pace.answered >= wait_requests + max(HELD_REQUESTS, HELD_S * top_rate):
        if pace.expected is None:
            is_used = pace.answered > PROBE_RATIO * (now - pace.counted_from) * (pace.ceiling or pace.rate)
            return replace(pace, ceiling=pace.rate, answered=0, counted_from=now) if is_used else pace
        return replace(pace, ceiling=None, rate=top_rate, seeking=False, false_probes=0)
    raised = pace.rate * SEEK_STEP ** (report.accepted / max(FIRST_SEEK_REQUESTS, SEEK_S * pace.rate))
    return _with_rate(pace, min(raised, max(top_rate, pace.rate)))


def _requests_per_step(pace: Pace) -> float:
    if pace.ceiling is None and pace.expected is not None and pace.rate >= START_SHARE * pace.expected:
        return NEAR_STEP_REQUESTS
    if pace.ceiling is None or pace.ceiling > MAX_FOUND_SHARE * pace.rate:
        return FIRST_STEP_REQUESTS
    return max(RETURN_STEP_REQUESTS, RETURN_STEP_S * pace.rate) * 2.0**pace.false_probes


def _probing(pace: Pace, ceiling: float, seconds: float) -> Pace:
    """The pace after `seconds` above the ceiling."""
    excess = pace.rate / ceiling - 1
    if excess < FAR_EXCESS:
        excess += PROBE_PER_S * seconds
    else:
        unit_s = max(PROBE_S, PROBE_REQUESTS / pace.rate)
        excess = RATE_STEP * (math.cbrt(excess / RATE_STEP) + seconds / unit_s) ** 3
    return _with_rate(pace, max(pace.rate, ceiling * (1 + excess)))  # rounding must not lower it
