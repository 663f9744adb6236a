"""Past demand: the requests of clients to the model, and how the recommended inference units would serve them."""

from __future__ import annotations

import math
from typing import Any

from iu_tuner.contract.output.recommendation import (
    AutoScalingOutput,
    PastDemandOutput,
    RecommendationOutput,
    ServiceOutput,
)
from iu_tuner.contract.output.result import Output
from iu_tuner.formats import count, percent, requests_per_second, rounded, tps
from lambdas.planning.request_history import RequestHistory
from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import day_of_week, usd

TITLE = "What clients asked for in the past"
MAX_POINTS = 720  # points that a screen can show; each one has the busiest of its periods
PERIOD_NAMES = {60: "minute", 300: "five minutes", 3600: "hour"}
SPAN_NAMES = {60: "minutes", 300: "five-minute spans", 3600: "hours"}


def past(answer: Output, history: RequestHistory | None) -> tuple[Picture, ...]:
    """The picture of a run that plans for past requests; empty for other runs."""
    advice = answer.recommendation
    row = advice.demand
    if row is None or history is None:
        return ()
    if not row.requests:
        return (Picture("past", TITLE, _nothing(row), None),)
    tables = [_busiest(row), *([_scaling(advice.auto_scaling)] if advice.auto_scaling else [])]
    chart = {**points(history), "period": PERIOD_NAMES[history.period_s], "levels": _levels(row, answer)}
    return (Picture("past", TITLE, " ".join(_sentences(row, advice)), chart, tables=tuple(tables)),)


def points(history: RequestHistory) -> dict[str, Any]:
    """Groups of neighbouring periods: their mean rate and that of the busiest; None if the model did not serve then."""
    width = math.ceil(len(history.counts) / MAX_POINTS)
    spans = [
        [each / history.period_s for each in history.counts[first : first + width] if each is not None]
        for first in range(0, len(history.counts), width)
    ]
    return {
        "start": history.start_s,
        "step": width * history.period_s,
        "together": width,
        "average": [rounded(sum(rates) / len(rates), 2) if rates else None for rates in spans],
        "busiest": [rounded(max(rates), 2) if rates else None for rates in spans],
    }


def _levels(row: PastDemandOutput, answer: Output) -> list[dict[str, Any]]:
    advice, per_unit = answer.recommendation, answer.tps_per_inference_unit
    average, peak = row.average_tps or 0.0, row.peak_tps or 0.0
    levels = [
        {"of": "demand", "text": f"average {tps(average)}/s", "tps": average},
        {
            "of": "demand",
            "text": f"{row.percentile:g} % of the {SPAN_NAMES[row.period_seconds]} ≤ {tps(peak)}/s",
            "tps": peak,
        },
    ]
    for units in sorted(set(advice.units or ())):
        carried_tps = units * (per_unit or 0.0)
        carry = "carries" if units == 1 else "carry"
        text = f"{count(units, 'unit')} {carry} {tps(carried_tps)}/s"
        levels.append({"of": "units", "text": text, "tps": rounded(carried_tps, 3)})
    return levels


def _sentences(row: PastDemandOutput, advice: RecommendationOutput) -> list[str]:
    periods, average, peak = SPAN_NAMES[row.period_seconds], row.average_tps or 0.0, row.peak_tps or 0.0
    sentences = [
        f"In the last {count(row.days, 'day')} clients sent {count(row.requests, 'request')} to {_whose(row)},"
        f" over {_time(row.minutes)} of service: {requests_per_second(average)} on average, and"
        f" {row.percentile:g} % of the {periods} had {requests_per_second(peak)} or fewer."
    ]
    if advice.carried and advice.auto_scaling:
        carried = advice.carried
        sentences.append(
            f"{count(carried.inference_units, 'inference unit')} would have carried"
            f" {percent(carried.minutes_share)} of these {periods} in full, and"
            f" {percent(carried.requests_share)} of the requests."
        )
        sentences += _scaling_sentences(advice.auto_scaling)
    if row.headroom:
        sentences.append(f"The recommendation adds {percent(row.headroom)} of headroom to both rates.")
    if row.throttled_share:
        sentences.append(
            f"{percent(row.throttled_share)} of the requests were throttled at the time; where clients sent them"
            " again, they count twice."
        )
    if row.own_runs_excluded:
        sentences.append(f"{count(row.own_runs_excluded, 'run')} of this tuner left out.")
    return sentences


def _scaling_sentences(row: AutoScalingOutput) -> list[str]:
    min_units, max_units, lag = row.min_inference_units, row.max_inference_units, row.assumptions
    if min_units == max_units:
        return []
    return [
        f"Scaling by itself between {min_units} and {max_units}, the model would have throttled"
        f" {percent(row.throttled_share)} of them, if it takes {lag.scale_up_minutes:g} minutes to go up and"
        f" {lag.scale_down_minutes:g} to go down: that is assumed, as AWS does not say."
    ]


def _nothing(row: PastDemandOutput) -> str:
    return (
        f"CloudWatch knows of no requests to {_whose(row, 'any model')} in the last {count(row.days, 'day')}, so"
        " there is no past demand to draw, or to plan with. Give demand.averageTps and demand.peakTps instead."
    )


def _whose(row: PastDemandOutput, others: str = "all models") -> str:
    return "this model" if row.of_this_model else f"{others} of this account and Region"


def _time(minutes: int) -> str:
    return count(minutes, "minute") if minutes < 600 else f"{minutes / 60:,.0f} hours"


def _busiest(row: PastDemandOutput) -> Table:
    rows = tuple(
        (
            f"{day_of_week(hour.day)}, {hour.hour_utc}:00 to {hour.hour_utc + 1}:00",
            f"{hour.requests:,}",
            tps(hour.average_tps),
            tps(hour.peak_tps),
        )
        for hour in row.busiest_hours
    )
    columns = ("Hour of the week, UTC", "Requests", "Average/s", f"Busiest {PERIOD_NAMES[row.period_seconds]}/s")
    return Table("busiest", "The busiest hours", columns, rows, numbers=frozenset({1, 2, 3}))


def _scaling(row: AutoScalingOutput) -> Table:
    min_units, max_units = row.min_inference_units, row.max_inference_units
    rows: list[tuple[str, ServiceOutput | AutoScalingOutput]] = [(f"Always {max_units}", row.always_max)]
    if max_units > min_units:
        rows = [(f"Always {min_units}", row.always_min), (f"Scaling from {min_units} to {max_units}", row), *rows]
    return Table(
        "scaled",
        "What inference units would have made of it",
        ("Inference units", "Throttled", "Units on average", "USD per month"),
        tuple(
            (name, percent(each.throttled_share), f"{each.mean_inference_units:g}", usd(each.usd_per_month))
            for name, each in rows
        ),
        numbers=frozenset({1, 2, 3}),
        note=row.assumptions.note,
    )
