"""What the recommendation says of a demand from the past, in the words of the execution's output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from iu_tuner.formats import rounded
from lambdas.planning.auto_scaling import HOURS_PER_MONTH, Lag, Service, always, scaled
from lambdas.planning.demand import PastDemand, TrafficDemand
from lambdas.planning.request_history import HOURS_OF_WEEK, RequestHistory, percentile_of
from lambdas.planning.scheduler_entries import DAYS

BUSIEST = 5


def traffic_of(past: PastDemand, history: RequestHistory) -> TrafficDemand | None:
    """Average and peak to plan for; None where nothing was asked for."""
    if not history.requests:
        return None
    average = history.average_tps
    return TrafficDemand(average, max(average, history.percentile_tps(past.percentile)), past.headroom)


def demand_row(past: PastDemand, history: RequestHistory) -> dict[str, Any]:
    """`recommendation.demand`"""
    wanted = traffic_of(past, history)
    end_s = history.start_s + len(history.counts) * history.period_s
    return {
        "source": "CloudWatch",
        "days": past.days,
        "from": _iso(history.start_s) if wanted else None,
        "to": _iso(end_s) if wanted else None,
        "periodSeconds": history.period_s,
        "minutes": round(history.minutes),
        "requests": history.requests,
        "throttledShare": rounded(history.throttled / history.requests, 4) if wanted else None,
        "averageTps": rounded(wanted.average_tps, 3) if wanted else None,
        "peakTps": rounded(wanted.peak_tps, 3) if wanted else None,
        "percentile": past.percentile,
        "headroom": past.headroom,
        "distribution": {
            name: rounded(history.percentile_tps(percentile), 3)
            for name, percentile in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("max", 100))
        },
        "busiestHours": _busiest(history),
        "hourOfWeek": _profile(history),
        "ofThisModel": history.of_model,
        "inServiceKnown": history.in_service_known,
        "ownRunsExcluded": history.own_runs,
    }


def _busiest(history: RequestHistory) -> list[dict[str, Any]]:
    totals = [(sum(rates), hour) for hour, rates in enumerate(history.by_hour_of_week) if sum(rates) > 0]
    return [
        {
            "day": DAYS[hour // 24],
            "hourUtc": hour % 24,
            "requests": round(total * history.period_s),
            "averageTps": rounded(total / len(rates), 3),
            "peakTps": rounded(rates[-1], 3),
        }
        for total, hour in sorted(totals, key=lambda each: (-each[0], each[1]))[:BUSIEST]
        for rates in [history.by_hour_of_week[hour]]
    ]


def _profile(history: RequestHistory) -> dict[str, list[float | None]]:
    """For each hour of the week from Monday, midnight UTC, on; null where the model never served."""
    hours = history.by_hour_of_week
    assert len(hours) == HOURS_OF_WEEK
    return {
        "averageTps": [rounded(sum(rates) / len(rates), 3) if rates else None for rates in hours],
        "peakTps": [rounded(percentile_of(rates, 100), 3) if rates else None for rates in hours],
    }


def carried_row(service: Service, units: int) -> dict[str, Any]:
    """`recommendation.carried`: the past with the recommended maximum running all the time."""
    return {
        "inferenceUnits": units,
        "minutesShare": rounded(service.served_in_full / service.served, 4),
        "requestsShare": rounded(service.carried / service.sent, 4),
    }


def scaling_row(
    history: RequestHistory, least: int, most: int, tps_per_unit: float, usd_per_unit_hour: float, service: str
) -> dict[str, Any]:
    """`recommendation.autoScaling`: the past with a model that ran all the time, scaling or not.

    `service` is the name of the model's service.
    """
    lag = Lag().seen_in(history.period_s)

    def told(serve: Callable[[Sequence[int | None]], Service]) -> dict[str, Any]:
        # A month has as many of each weekday; a history need not.
        past, paid = serve(history.counts), serve(history.whole_weeks.counts)
        return {
            "throttledShare": rounded(past.throttled_share, 4),
            "meanInferenceUnits": rounded(paid.mean_units, 3),
            "usdPerMonth": rounded(usd_per_month(paid, usd_per_unit_hour), 2),
        }

    return {
        "assumptions": {
            "scaleUpMinutes": lag.up_s / 60,
            "scaleDownMinutes": lag.down_s / 60,
            "note": f"AWS does not document when {service} scales, nor how fast: these times are assumed. Requests are"
            f" taken as spread evenly over {_seconds(history.period_s)}, and the model as running all the time.",
        },
        "minInferenceUnits": least,
        "maxInferenceUnits": most,
        **told(lambda counts: scaled(counts, least, most, tps_per_unit, history.period_s)),
        "alwaysMin": told(lambda counts: always(counts, least, tps_per_unit, history.period_s)),
        "alwaysMax": told(lambda counts: always(counts, most, tps_per_unit, history.period_s)),
    }


def usd_per_month(service: Service, usd_per_unit_hour: float) -> float:
    """Of a model that runs all the time."""
    return service.mean_units * usd_per_unit_hour * HOURS_PER_MONTH


def _seconds(period_s: int) -> str:
    return {60: "each minute", 300: "every five minutes", 3600: "each hour"}[period_s]


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
