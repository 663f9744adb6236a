"""What the recommendation says of a demand from the past, in the words of the execution's output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from iu_tuner.contract.output.recommendation import (
    AutoScalingOutput,
    BusyHour,
    CarriedOutput,
    Distribution,
    HourOfWeek,
    PastDemandOutput,
    ScalingAssumptions,
    ServiceOutput,
)
from iu_tuner.formats import iso, rounded
from lambdas.planning.auto_scaling import (
    HOURS_PER_MONTH,
    ScalingDelay,
    ServedDemand,
    simulate_auto_scaling,
    simulate_fixed_units,
)
from lambdas.planning.demand import PastDemand, TrafficDemand
from lambdas.planning.request_history import HOURS_OF_WEEK, RequestHistory, percentile_of
from lambdas.planning.scheduler_entries import DAYS

MAX_BUSY_HOURS = 5


def traffic_of(past: PastDemand, history: RequestHistory) -> TrafficDemand | None:
    """Average and peak to plan for; None where nothing was asked for."""
    if not history.requests:
        return None
    average = history.average_tps
    return TrafficDemand(average, max(average, history.percentile_tps(past.percentile)), past.headroom)


def demand_row(past: PastDemand, history: RequestHistory) -> PastDemandOutput:
    """`recommendation.demand`"""
    traffic = traffic_of(past, history)
    end_s = history.start_s + len(history.counts) * history.period_s
    percentiles = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
    return PastDemandOutput(
        source="CloudWatch",
        days=past.days,
        from_=iso(history.start_s, to="seconds") if traffic else None,
        to=iso(end_s, to="seconds") if traffic else None,
        period_seconds=history.period_s,
        minutes=round(history.minutes),
        requests=history.requests,
        throttled_share=rounded(history.throttled / history.requests, 4) if traffic else None,
        average_tps=rounded(traffic.average_tps, 3) if traffic else None,
        peak_tps=rounded(traffic.peak_tps, 3) if traffic else None,
        percentile=past.percentile,
        headroom=past.headroom,
        distribution=Distribution(
            **{name: rounded(history.percentile_tps(percent), 3) for name, percent in percentiles.items()}
        ),
        busiest_hours=_busiest_hours(history),
        hour_of_week=_hour_profile(history),
        of_this_model=history.of_model,
        in_service_known=history.in_service_known,
        own_runs_excluded=history.own_runs,
    )


def _busiest_hours(history: RequestHistory) -> tuple[BusyHour, ...]:
    totals = [(sum(rates), hour) for hour, rates in enumerate(history.by_hour_of_week) if sum(rates) > 0]
    return tuple(
        BusyHour(
            day=DAYS[hour // 24],
            hour_utc=hour % 24,
            requests=round(total * history.period_s),
            average_tps=rounded(total / len(rates), 3),
            peak_tps=rounded(rates[-1], 3),
        )
        for total, hour in sorted(totals, key=lambda busy_hour: (-busy_hour[0], busy_hour[1]))[:MAX_BUSY_HOURS]
        for rates in [history.by_hour_of_week[hour]]
    )


def _hour_profile(history: RequestHistory) -> HourOfWeek:
    hours = history.by_hour_of_week
    assert len(hours) == HOURS_OF_WEEK
    return HourOfWeek(
        average_tps=tuple(rounded(sum(rates) / len(rates), 3) if rates else None for rates in hours),
        peak_tps=tuple(rounded(percentile_of(rates, 100), 3) if rates else None for rates in hours),
    )


def carried_row(served: ServedDemand, units: int) -> CarriedOutput:
    """`recommendation.carried`: the past with the recommended maximum running all the time."""
    return CarriedOutput(
        inference_units=units,
        minutes_share=rounded(served.fully_served_periods / served.served_periods, 4),
        requests_share=rounded(served.carried / served.sent, 4),
    )


def scaling_row(
    history: RequestHistory,
    min_units: int,
    max_units: int,
    tps_per_unit: float,
    usd_per_unit_hour: float,
    service_name: str,
) -> AutoScalingOutput:
    """`recommendation.autoScaling`: the past with a model that ran all the time, scaling or not.

    `service_name` is the name of the model's service.
    """
    period_s = history.period_s
    delay = ScalingDelay().rounded_to(period_s)

    def service_row(serve: Callable[[Sequence[int | None]], ServedDemand]) -> ServiceOutput:
        # A month has as many of each weekday; a history need not.
        whole_past, whole_weeks = serve(history.counts), serve(history.whole_weeks.counts)
        return ServiceOutput(
            throttled_share=rounded(whole_past.throttled_share, 4),
            mean_inference_units=rounded(whole_weeks.mean_units, 3),
            usd_per_month=rounded(usd_per_month(whole_weeks, usd_per_unit_hour), 2),
        )

    return AutoScalingOutput(
        assumptions=ScalingAssumptions(
            scale_up_minutes=delay.up_s / 60,
            scale_down_minutes=delay.down_s / 60,
            note=f"AWS does not document when {service_name} scales, nor how fast: these times are assumed. Requests"
            f" are taken as spread evenly over {_period_phrase(period_s)}, and the model as running all the time.",
        ),
        min_inference_units=min_units,
        max_inference_units=max_units,
        **asdict(
            service_row(lambda counts: simulate_auto_scaling(counts, min_units, max_units, tps_per_unit, period_s))
        ),
        always_min=service_row(lambda counts: simulate_fixed_units(counts, min_units, tps_per_unit, period_s)),
        always_max=service_row(lambda counts: simulate_fixed_units(counts, max_units, tps_per_unit, period_s)),
    )


def usd_per_month(served: ServedDemand, usd_per_unit_hour: float) -> float:
    """Of a model that runs all the time."""
    return served.mean_units * usd_per_unit_hour * HOURS_PER_MONTH


def _period_phrase(period_s: int) -> str:
    return {60: "each minute", 300: "every five minutes", 3600: "each hour"}[period_s]
