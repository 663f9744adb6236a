"""What a demand adds to the recommendation: the past it is from, what that would have become, when to stop."""

from __future__ import annotations

from typing import Any

from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import ACCOUNT_QUOTA_TPS
from lambdas.models.registry import facts_of
from lambdas.planning.auto_scaling import always, scaled
from lambdas.planning.demand import BatchDemand, Demand, PastDemand
from lambdas.planning.demand_output import carried_row, demand_row, scaling_row, traffic_of, usd_per_month
from lambdas.planning.recommendation import Recommendation, ReducedRate, recommend
from lambdas.planning.request_history import RequestHistory
from lambdas.planning.weekly_schedule import week_plan
from lambdas.planning.weekly_schedule_output import NEEDS_A_WEEK, NEVER_IDLE, batch_row, no_plan, week_row
from lambdas.runs.run import Run

MIN_MINUTES = 60  # of service, below which a percentile says little


def recommended(
    run: Run, per_unit: Interval, history: RequestHistory | None, more: ReducedRate | None = None
) -> Recommendation:
    """Inference units for what the run was asked to plan for, its history looked up."""
    wanted = run.wanted
    demand: Demand | None
    if isinstance(wanted, PastDemand):
        assert history is not None, "Prepare keeps the history that it read"
        demand = traffic_of(wanted, history)
    else:
        demand = wanted
    quota_tps = run.tps_quota.tps if run.tps_quota else ACCOUNT_QUOTA_TPS
    return recommend(per_unit, demand, run.usd_per_unit_hour, more, quota_tps)


def more_of_demand(
    run: Run, per_unit: Interval | None, advice: Recommendation, history: RequestHistory | None
) -> dict[str, Any]:
    """Further keys of `recommendation`; `reasons` replaces those of the advice."""
    wanted = run.wanted
    if isinstance(wanted, BatchDemand) and advice.batch is not None:
        return {"plan": batch_row(advice.batch, wanted, run.model_arn, run.usd_per_unit_hour)}
    if not isinstance(wanted, PastDemand) or history is None:
        return {}
    told = {"demand": demand_row(wanted, history)}
    if not history.requests:
        unknown = f"No demand: {_nothing(history)}: read the table, or give demand.averageTps and demand.peakTps"
        return {**told, "reasons": [unknown] if advice.table else list(advice.reasons)}
    if per_unit is None or advice.min_inference_units is None or advice.max_inference_units is None:
        return told
    return {**told, **_past_with(run, wanted, per_unit, advice, history)}


def _past_with(
    run: Run, wanted: PastDemand, per_unit: Interval, advice: Recommendation, history: RequestHistory
) -> dict[str, Any]:
    least, most = advice.min_inference_units, advice.max_inference_units
    assert least is not None
    assert most is not None
    price, tps = run.usd_per_unit_hour, per_unit.estimate
    carried = carried_row(always(history.counts, most, tps, history.period_s), most)
    scaling = scaling_row(history, least, most, tps, price, facts_of(run.model_arn).name)
    always_usd = usd_per_month(scaled(history.whole_weeks.counts, least, most, tps, history.period_s), price)
    plan = week_plan(history, wanted, per_unit, least, most, price) if history.covers_a_week else None
    if plan is None:
        row = no_plan(NEVER_IDLE if history.covers_a_week else NEEDS_A_WEEK)
    else:
        asked = {"fromCloudWatchDays": wanted.days, "percentile": wanted.percentile, "headroom": wanted.headroom}
        row = week_row(plan, run.model_arn, asked, always_usd, history.requests)
    reasons = [
        *advice.reasons,
        *_whence(wanted, history),
        f"{_units(most)} would have carried {_percent(carried['minutesShare'])} of the past minutes"
        f" and {_percent(carried['requestsShare'])} of their requests",
        *([_scaling(scaling)] if most > least else []),
    ]
    return {"reasons": reasons, "carried": carried, "autoScaling": scaling, "plan": row}


def _whence(wanted: PastDemand, history: RequestHistory) -> list[str]:
    whose = (
        "of this model"
        if history.of_model
        else "of the whole account and Region (CloudWatch does not tell which model was asked)"
    )
    over = "that it was in service" if history.in_service_known else "with requests, or less than an hour from some"
    told = [
        f"Demand: {_some(history.requests, 'request')} {whose} in the last {_some(wanted.days, 'day')}, over"
        f" {_some(history.minutes, 'minute')} {over};"
        f" the peak is the rate that {wanted.percentile:g} % of them did not exceed",
        f"Rates are means over {history.period_s} s; spikes within these are not seen, and take demand.headroom",
    ]
    if history.minutes < MIN_MINUTES:
        told.append(
            f"Less than {MIN_MINUTES} minutes are little to plan for: look again when the model has served longer"
        )
    if history.throttled:
        share = history.throttled / history.requests
        told.append(
            f"{_percent(share)} of these requests were throttled: where clients sent them again, the demand is less"
        )
    return told


def _scaling(row: dict[str, Any]) -> str:
    lag, mean = row["assumptions"], row["meanInferenceUnits"]
    return (
        f"Auto-scaling between {row['minInferenceUnits']} and {row['maxInferenceUnits']} would have throttled"
        f" {_percent(row['throttledShare'])} of the requests with {mean:g} unit{'' if mean == 1 else 's'}"
        f" on average, if it takes {lag['scaleUpMinutes']:g} minutes up and {lag['scaleDownMinutes']:g} down"
        " (assumed, AWS does not say):"
        f" ${row['usdPerMonth']:,.0f} a month, ${row['alwaysMax']['usdPerMonth']:,.0f} with"
        f" {row['maxInferenceUnits']} all the time"
    )


def _nothing(history: RequestHistory) -> str:
    whose = "this model" if history.of_model or history.in_service_known else "any model of this account and Region"
    return f"CloudWatch knows of no requests to {whose} in the last {_some(history.days, 'day')}"


def _some(count: float, thing: str) -> str:
    return f"{count:,.0f} {thing}" if round(count) == 1 else f"{count:,.0f} {thing}s"


def _units(units: int) -> str:
    return "1 inference unit" if units == 1 else f"{units} inference units"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
