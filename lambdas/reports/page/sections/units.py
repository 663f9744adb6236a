"""Picture 3: what 1 to N inference units carry and cost, and the demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.planning.demand import BatchDemand, PastDemand, TrafficDemand
from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import count, duration, given, requests_per_second, tps, usd
from lambdas.reports.page.sections.experiments import how_units_add_up
from lambdas.runs.run import Run

TITLE = "What inference units carry and cost"
UNIT = "inference unit"


def units(run: Run, answer: Mapping[str, Any]) -> Picture:
    """A bar per number of inference units, the recommended ones marked."""
    advice = answer["recommendation"]
    rows = advice["table"]
    if not rows:
        why = advice["reasons"][0] if advice["reasons"] else "No rate was measured"
        return Picture("units", TITLE, f"There is nothing to draw. {why}.", None)
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    chart = {
        "rows": rows,
        "recommended": [least, most] if least else None,
        "demand": [{"name": name, "tps": rate} for name, rate in demanded(run, answer)],
    }
    return Picture("units", TITLE, " ".join(_sentences(run, answer)), chart, _table(rows, least, most))


def demanded(run: Run, answer: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The demand in requests/s, headroom included, by its names."""
    wanted = run.demand
    if isinstance(wanted, PastDemand):
        past = answer["recommendation"].get("demand", {})
        if not past.get("requests"):
            return []
        wanted = TrafficDemand(past["averageTps"], past["peakTps"], wanted.headroom)
    if isinstance(wanted, BatchDemand):
        return [("batch", wanted.tps)]
    if isinstance(wanted, TrafficDemand):
        average, peak = (rate * (1 + wanted.headroom) for rate in (wanted.average_tps, wanted.peak_tps))
        return [("average", average), ("peak", peak)] if average != peak else [("average and peak", peak)]
    return []


def _sentences(run: Run, answer: Mapping[str, Any]) -> list[str]:
    advice, rows = answer["recommendation"], answer["recommendation"]["table"]
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    said = []
    if "batch" in advice:
        batch = advice["batch"]
        said.append(
            f"{_carry(least)} {requests_per_second(rows[least - 1]['tps'])}"
            f" and the batch through in {duration(3600 * batch['hours'])} for {usd(batch['usd'])}."
            if least <= len(rows)
            else f"The batch takes {count(least, UNIT)}, beyond the table."
        )
    elif least:
        said += [
            f"The {name} demand of {given(rate)} requests/s takes {count(number, UNIT)}"
            f" ({usd(number * run.usd_per_unit_hour)} an hour)."
            for (name, rate), number in zip(demanded(run, answer), (least, most), strict=False)
        ]
    else:
        said.append(
            f"Each {UNIT} adds {requests_per_second(rows[0]['tps'])} and {usd(rows[0]['usdPerHour'])} an hour:"
            f" {len(rows)} carry {tps(rows[-1]['tps'])}. {_no_demand(run)}, so none is drawn in."
        )
    said.append(how_units_add_up(answer))
    if answer["maxTps"]["high"] is None:
        said.append("They start from a lower bound: fewer units may do.")
    return said


def _no_demand(run: Run) -> str:
    return "No past demand is known" if isinstance(run.demand, PastDemand) else "No demand was given"


def _carry(number: int) -> str:
    return f"{count(number, UNIT)} {'carries' if number == 1 else 'carry'}"


def _table(rows: list[dict[str, Any]], least: int | None, most: int | None) -> Table:
    marked = frozenset(
        index for index, row in enumerate(rows) if least and most and row["inferenceUnits"] in range(least, most + 1)
    )
    return Table(
        "units",
        "The same as numbers",
        ("Inference units", "Requests/s", "USD per hour", "USD per 1,000 images"),
        tuple(
            (
                str(row["inferenceUnits"]),
                tps(row["tps"]),
                f"{row['usdPerHour']:,.2f}",
                f"{row['usdPer1000Images']:,.4f}",
            )
            for row in rows
        ),
        numbers=frozenset(range(4)),
        note="Recommended numbers stand out; the price per image is that of full use."
        if marked
        else "The price per image is that of full use.",
        marked=marked,
    )
