"""Past demand: what clients asked the model for, and what the recommended inference units would have made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from iu_tuner.formats import rounded
from lambdas.planning.request_history import RequestHistory
from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import count, day_of_week, percent, requests_per_second, tps, usd

TITLE = "What clients asked for in the past"
MAX_POINTS = 720  # a screen shows no more; each keeps the busiest of its periods
PERIODS = {60: "minute", 300: "five minutes", 3600: "hour"}
SPANS = {60: "minutes", 300: "five-minute spans", 3600: "hours"}


def past(answer: Mapping[str, Any], history: RequestHistory | None) -> tuple[Picture, ...]:
    """One picture for a run that plans for the past; none for others."""
    advice = answer["recommendation"]
    row = advice.get("demand")
    if row is None or history is None:
        return ()
    if not row["requests"]:
        return (Picture("past", TITLE, _nothing(row), None),)
    tables = [_busiest(row), *([_scaling(advice["autoScaling"])] if "autoScaling" in advice else [])]
    chart = {**points(history), "period": PERIODS[history.period_s], "levels": _levels(row, answer)}
    return (Picture("past", TITLE, " ".join(_sentences(row, advice)), chart, tables=tuple(tables)),)


def points(history: RequestHistory) -> dict[str, Any]:
    """Neighbouring periods together: their mean rate and that of the busiest; None: the model did not serve."""
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


def _levels(row: Mapping[str, Any], answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    advice, per_unit = answer["recommendation"], answer["tpsPerInferenceUnit"]
    shown = [
        {"of": "demand", "text": f"average {tps(row['averageTps'])}/s", "tps": row["averageTps"]},
        {
            "of": "demand",
            "text": f"{row['percentile']:g} % of the {SPANS[row['periodSeconds']]} ≤ {tps(row['peakTps'])}/s",
            "tps": row["peakTps"],
        },
    ]
    for units in sorted({advice["minInferenceUnits"], advice["maxInferenceUnits"]} - {None}):
        carried = units * per_unit
        carry = "carries" if units == 1 else "carry"
        text = f"{count(units, 'unit')} {carry} {tps(carried)}/s"
        shown.append({"of": "units", "text": text, "tps": rounded(carried, 3)})
    return shown


def _sentences(row: Mapping[str, Any], advice: Mapping[str, Any]) -> list[str]:
    periods = SPANS[row["periodSeconds"]]
    said = [
        f"In the last {count(row['days'], 'day')} clients sent {count(row['requests'], 'request')} to {_whose(row)},"
        f" over {_time(row['minutes'])} of service: {requests_per_second(row['averageTps'])} on average, and"
        f" {row['percentile']:g} % of the {periods} had {requests_per_second(row['peakTps'])} or fewer."
    ]
    if "carried" in advice:
        carried = advice["carried"]
        said.append(
            f"{count(carried['inferenceUnits'], 'inference unit')} would have carried"
            f" {percent(carried['minutesShare'])} of these {periods} in full, and"
            f" {percent(carried['requestsShare'])} of the requests."
        )
        said += _scaled(advice["autoScaling"])
    if row["headroom"]:
        said.append(f"The recommendation adds {percent(row['headroom'])} of headroom to both rates.")
    if row["throttledShare"]:
        said.append(
            f"{percent(row['throttledShare'])} of the requests were throttled at the time; where clients sent them"
            " again, they count twice."
        )
    if row["ownRunsExcluded"]:
        said.append(f"{count(row['ownRunsExcluded'], 'run')} of this tuner left out.")
    return said


def _scaled(row: Mapping[str, Any]) -> list[str]:
    least, most, lag = row["minInferenceUnits"], row["maxInferenceUnits"], row["assumptions"]
    if least == most:
        return []
    return [
        f"Scaling by itself between {least} and {most}, the model would have throttled"
        f" {percent(row['throttledShare'])} of them, if it takes {lag['scaleUpMinutes']:g} minutes to go up and"
        f" {lag['scaleDownMinutes']:g} to go down: that is assumed, as AWS does not say."
    ]


def _nothing(row: Mapping[str, Any]) -> str:
    return (
        f"CloudWatch knows of no requests to {_whose(row, 'any model')} in the last {count(row['days'], 'day')}, so"
        " there is no past demand to draw, or to plan with. Give demand.averageTps and demand.peakTps instead."
    )


def _whose(row: Mapping[str, Any], others: str = "all models") -> str:
    return "this model" if row["ofThisModel"] else f"{others} of this account and Region"


def _time(minutes: int) -> str:
    return count(minutes, "minute") if minutes < 600 else f"{minutes / 60:,.0f} hours"


def _busiest(row: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            f"{day_of_week(hour['day'])}, {hour['hourUtc']}:00 to {hour['hourUtc'] + 1}:00",
            f"{hour['requests']:,}",
            tps(hour["averageTps"]),
            tps(hour["peakTps"]),
        )
        for hour in row["busiestHours"]
    )
    columns = ("Hour of the week, UTC", "Requests", "Average/s", f"Busiest {PERIODS[row['periodSeconds']]}/s")
    return Table("busiest", "The busiest hours", columns, rows, numbers=frozenset({1, 2, 3}))


def _scaling(row: Mapping[str, Any]) -> Table:
    least, most = row["minInferenceUnits"], row["maxInferenceUnits"]
    told: Sequence[tuple[str, Mapping[str, Any]]] = [(f"Always {most}", row["alwaysMax"])]
    if most > least:
        told = [(f"Always {least}", row["alwaysMin"]), (f"Scaling from {least} to {most}", row), *told]
    return Table(
        "scaled",
        "What inference units would have made of it",
        ("Inference units", "Throttled", "Units on average", "USD per month"),
        tuple(
            (name, percent(each["throttledShare"]), f"{each['meanInferenceUnits']:g}", usd(each["usdPerMonth"]))
            for name, each in told
        ),
        numbers=frozenset({1, 2, 3}),
        note=row["assumptions"]["note"],
    )
