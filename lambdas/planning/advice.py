"""Extra parts of the recommendation: observed demand, simulated auto-scaling, start and stop schedule."""

from __future__ import annotations

from dataclasses import replace

from iu_tuner.contract.output.recommendation import AutoScalingOutput, RecommendationOutput
from iu_tuner.formats import count, percent
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import ACCOUNT_QUOTA_TPS
from lambdas.models.registry import facts_of
from lambdas.planning.auto_scaling import simulate_auto_scaling, simulate_fixed_units
from lambdas.planning.demand import BatchDemand, Demand, PastDemand, PlannedRun
from lambdas.planning.demand_output import carried_row, demand_row, scaling_row, traffic_of, usd_per_month
from lambdas.planning.recommendation import Recommendation, recommend
from lambdas.planning.request_history import RequestHistory
from lambdas.planning.sizing import ReducedRate
from lambdas.planning.weekly_schedule import week_plan
from lambdas.planning.weekly_schedule_output import NEEDS_A_WEEK, NEVER_IDLE, batch_row, no_plan, week_row

MIN_MINUTES = 60  # minutes of service; a percentile of fewer minutes says little


def recommend_for_run(
    run: PlannedRun, per_unit: Interval, history: RequestHistory | None, with_more_units: ReducedRate | None = None
) -> Recommendation:
    """The inference units for the demand of the run's input, or for its request history."""
    demand: Demand | None
    if isinstance(run.demand, PastDemand):
        assert history is not None, "Prepare keeps the history that it read"
        demand = traffic_of(run.demand, history)
    else:
        demand = run.demand
    quota_tps = run.tps_quota.tps if run.tps_quota else ACCOUNT_QUOTA_TPS
    return recommend(per_unit, demand, run.usd_per_unit_hour, with_more_units, quota_tps)


def with_demand(
    output: RecommendationOutput,
    run: PlannedRun,
    per_unit: Interval | None,
    advice: Recommendation,
    history: RequestHistory | None,
) -> RecommendationOutput:
    """The recommendation with the parts that a batch or a past demand adds."""
    demand = run.demand
    if isinstance(demand, BatchDemand) and advice.batch is not None:
        return replace(output, plan=batch_row(advice.batch, demand, run.model_arn, run.usd_per_unit_hour))
    if not isinstance(demand, PastDemand) or history is None:
        return output
    output = replace(output, demand=demand_row(demand, history))
    if not history.requests:
        reason = f"No demand: {_no_requests(history)}: read the table, or give demand.averageTps and demand.peakTps"
        return replace(output, reasons=(reason,)) if advice.table else output
    if per_unit is None or output.units is None:
        return output
    return _with_past_demand(output, output.units, run, demand, per_unit, history)


def _with_past_demand(
    output: RecommendationOutput,
    units: tuple[int, int],
    run: PlannedRun,
    past: PastDemand,
    per_unit: Interval,
    history: RequestHistory,
) -> RecommendationOutput:
    (min_units, max_units), price, tps = units, run.usd_per_unit_hour, per_unit.estimate
    carried = carried_row(simulate_fixed_units(history.counts, max_units, tps, history.period_s), max_units)
    scaling = scaling_row(history, min_units, max_units, tps, price, facts_of(run.model_arn).name)
    always_usd = usd_per_month(
        simulate_auto_scaling(history.whole_weeks.counts, min_units, max_units, tps, history.period_s), price
    )
    plan = week_plan(history, past, per_unit, min_units, max_units, price) if history.covers_a_week else None
    if plan is None:
        plan_row = no_plan(NEVER_IDLE if history.covers_a_week else NEEDS_A_WEEK)
    else:
        demand_input = {"fromCloudWatchDays": past.days, "percentile": past.percentile, "headroom": past.headroom}
        plan_row = week_row(plan, run.model_arn, demand_input, always_usd, history.requests)
    reasons = (
        *output.reasons,
        *_demand_reasons(past, history),
        f"{count(max_units, 'inference unit')} would have carried {percent(carried.minutes_share)} of the past minutes"
        f" and {percent(carried.requests_share)} of their requests",
        *([_scaling_sentence(scaling)] if max_units > min_units else []),
    )
    return replace(output, reasons=reasons, carried=carried, auto_scaling=scaling, plan=plan_row)


def _demand_reasons(past: PastDemand, history: RequestHistory) -> list[str]:
    scope_clause = (
        "of this model"
        if history.of_model
        else "of the whole account and Region (CloudWatch does not tell which model was asked)"
    )
    period_clause = (
        "that it was in service" if history.in_service_known else "with requests, or less than an hour from some"
    )
    reasons = [
        f"Demand: {count(history.requests, 'request')} {scope_clause} in the last {count(past.days, 'day')}, over"
        f" {count(round(history.minutes), 'minute')} {period_clause};"
        f" the peak is the rate that {past.percentile:g} % of them did not exceed",
        f"Rates are means over {history.period_s} s; spikes within these are not seen, and take demand.headroom",
    ]
    if history.minutes < MIN_MINUTES:
        reasons.append(
            f"Less than {MIN_MINUTES} minutes are little to plan for: look again when the model has served longer"
        )
    if history.throttled:
        share = history.throttled / history.requests
        reasons.append(
            f"{percent(share)} of these requests were throttled: where clients sent them again, the demand is less"
        )
    return reasons


def _scaling_sentence(row: AutoScalingOutput) -> str:
    assumptions, mean_units = row.assumptions, row.mean_inference_units
    return (
        f"Auto-scaling between {row.min_inference_units} and {row.max_inference_units} would have throttled"
        f" {percent(row.throttled_share)} of the requests with {mean_units:g} unit{'' if mean_units == 1 else 's'}"
        f" on average, if it takes {assumptions.scale_up_minutes:g} minutes up and"
        f" {assumptions.scale_down_minutes:g} down"
        " (assumed, AWS does not say):"
        f" ${row.usd_per_month:,.0f} a month, ${row.always_max.usd_per_month:,.0f} with"
        f" {row.max_inference_units} all the time"
    )


def _no_requests(history: RequestHistory) -> str:
    scope_clause = (
        "this model" if history.of_model or history.in_service_known else "any model of this account and Region"
    )
    return f"CloudWatch knows of no requests to {scope_clause} in the last {count(history.days, 'day')}"
