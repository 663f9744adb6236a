"""The pace at the start: from the model's last usable measurement or its last pace, or a slow start. Pure.

A measurement is usable if its verdict is `ok`: then the rate starts at 98 % of max TPS. With `throttles-below-max`
the model carries its max TPS only if never more requests are in flight than it works on at once: then the clean rate
is the start, and TPS x p50 the most in flight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from iu_tuner.contract.output.result import Output
from lambdas.processing.pace import Pace
from lambdas.processing.pacer import LEAST_SHARE, SLOW_START_TPS, START_SHARE

USABLE_VERDICTS = ("ok", "throttles-below-max")
SPARE_IN_FLIGHT = 3  # than TPS x p50 needs on average, as latencies vary


@dataclass(frozen=True)
class MeasuredRate:
    """What a run measured per inference unit: TPS, the median latency, and a clean TPS if throttles came below it."""

    tps: float
    p50_s: float | None
    clean_tps: float | None = None


def last_measured_rate(newest_first: Iterable[Output]) -> MeasuredRate | None:
    """The last usable measurement among past runs. Returns None if there is none."""
    return next((rate for output in newest_first if (rate := _usable_rate(output)) is not None), None)


def first_pace(units: int, measured: MeasuredRate | None) -> Pace:
    """The pace of a model with so many inference units before its first request."""
    if measured is None:
        return Pace(rate=SLOW_START_TPS * units, units=units, slow_start=True)
    in_flight = None if measured.p50_s is None else measured.tps * units * measured.p50_s
    if measured.clean_tps is None:
        cap = None if in_flight is None else math.ceil(in_flight) + SPARE_IN_FLIGHT
        return Pace(rate=START_SHARE * measured.tps * units, units=units, cap=cap, measured=measured.tps)
    cap = None if in_flight is None else max(1, round(in_flight))
    rate = measured.clean_tps * units
    return Pace(rate, units, cap, is_limited=True, measured=measured.tps, ceiling=rate, seeking=True)


def later_pace(units: int, earlier_pace: Pace | None) -> Pace:
    """The pace without a measurement after an earlier start: its rate, or a slow start at half of what was a guess."""
    if earlier_pace is None or earlier_pace.is_limited:
        return first_pace(units, None)
    rate_per_unit = earlier_pace.rate / earlier_pace.units
    if earlier_pace.measured is None:
        return Pace(max(SLOW_START_TPS, LEAST_SHARE * rate_per_unit) * units, units, slow_start=True)
    is_guess = earlier_pace.is_unsure or earlier_pace.is_low
    return first_pace(units, MeasuredRate(earlier_pace.measured if is_guess else rate_per_unit / START_SHARE, None))


def _usable_rate(output: Output) -> MeasuredRate | None:
    tps, units = output.tps_per_inference_unit, output.inference_units
    if tps is None or not units:
        return None
    p50_s = None if output.latency_ms.p50 is None else output.latency_ms.p50 / 1000
    if output.verdict == "ok":
        return MeasuredRate(tps, p50_s)
    clean = output.clean_tps.rate
    if output.verdict == "throttles-below-max" and clean is not None:
        return MeasuredRate(tps, p50_s, clean / units)
    return None
