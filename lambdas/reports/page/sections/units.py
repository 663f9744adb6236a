"""Picture 3: the capacity and the cost of 1 to N inference units, and the demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.recommendation import UnitsOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.output.sentences import UNIT
from iu_tuner.formats import count, duration, requests_per_second, tps
from lambdas.planning.demand import BatchDemand, PastDemand, TrafficDemand
from lambdas.reports.page.html.contents import Picture, Table
from lambdas.reports.page.html.formats import input_number, usd
from lambdas.reports.page.sections.experiments import how_units_add_up
from lambdas.runs.run import Run

TITLE = "What inference units carry and cost"


def units(run: Run, answer: Output) -> Picture:
    """One bar per number of inference units against the demand; without a demand, only their table.

    The recommended numbers are marked.
    """
    advice = answer.recommendation
    rows = advice.table
    if not rows:
        why = advice.reasons[0] if advice.reasons else "No rate was measured"
        return Picture("units", TITLE, f"There is nothing to draw. {why}.", None)
    min_units, max_units = advice.min_inference_units, advice.max_inference_units
    sentence, table = " ".join(_sentences(run, answer)), _table(rows, min_units, max_units)
    demand = [{"name": name, "tps": rate} for name, rate in demand_rates(run, answer)]
    if not demand:  # bars that grow in a straight line and are compared with nothing say less than the table
        return Picture("units", TITLE, sentence, None, tables=(replace(table, title="Rates and costs"),))
    chart = {"rows": to_json(rows), "recommended": advice.units, "demand": demand}
    return Picture("units", TITLE, sentence, chart, table)


def demand_rates(run: Run, answer: Output) -> list[tuple[str, float]]:
    """The demand in requests/s including the headroom, as (name, rate)."""
    demand = run.demand
    if isinstance(demand, PastDemand):
        past = answer.recommendation.demand
        if past is None or past.average_tps is None or past.peak_tps is None:
            return []
        demand = TrafficDemand(past.average_tps, past.peak_tps, demand.headroom)
    if isinstance(demand, BatchDemand):
        return [("batch", demand.tps)]
    if isinstance(demand, TrafficDemand):
        average, peak = (rate * (1 + demand.headroom) for rate in (demand.average_tps, demand.peak_tps))
        return [("average", average), ("peak", peak)] if average != peak else [("average and peak", peak)]
    return []


def _sentences(run: Run, answer: Output) -> list[str]:
    advice, rows = answer.recommendation, answer.recommendation.table
    min_units, max_units = advice.units or (0, 0)
    sentences = []
    if (batch := advice.batch) and min_units:
        sentences.append(
            f"{_carry(min_units)} {requests_per_second(rows[min_units - 1].tps)}"
            f" and the batch through in {duration(3600 * batch.hours)} for {usd(batch.usd)}."
            if min_units <= len(rows)
            else f"The batch takes {count(min_units, UNIT)}, beyond the table."
        )
    elif min_units:
        sentences += [
            f"The {name} demand of {input_number(rate)} requests/s takes {count(number, UNIT)}"
            f" ({usd(number * run.usd_per_unit_hour)} an hour)."
            for (name, rate), number in zip(demand_rates(run, answer), (min_units, max_units), strict=False)
        ]
    else:
        sentences.append(
            f"Each {UNIT} adds {requests_per_second(rows[0].tps)} and {usd(rows[0].usd_per_hour)} an hour:"
            f" {len(rows)} carry {tps(rows[-1].tps)}. {_no_demand(run)} to compare them with."
        )
    sentences.append(how_units_add_up(answer))
    if answer.max_tps.high is None:
        sentences.append("They start from a lower bound: fewer units may do, unless burst credit was part of it.")
    return sentences


def _no_demand(run: Run) -> str:
    return "No past demand is known" if isinstance(run.demand, PastDemand) else "No demand was given"


def _carry(number: int) -> str:
    return f"{count(number, UNIT)} {'carries' if number == 1 else 'carry'}"


def _table(rows: Sequence[UnitsOutput], min_units: int | None, max_units: int | None) -> Table:
    marked = frozenset(
        index
        for index, row in enumerate(rows)
        if min_units and max_units and row.inference_units in range(min_units, max_units + 1)
    )
    return Table(
        "units",
        "The same as numbers",
        (
            "Inference units",
            "Requests/s",
            "Busy at your peak",
            "Requests/s with one Availability Zone lost",
            "USD per hour",
            "USD per 1,000 images",
        ),
        tuple(
            (
                str(row.inference_units),
                tps(row.tps),
                "–" if row.utilization_at_peak is None else f"{row.utilization_at_peak:.0%}",
                "–" if row.tps_with_one_zone_lost is None else tps(row.tps_with_one_zone_lost),
                f"{row.usd_per_hour:,.2f}",
                f"{row.usd_per_1000_images:,.4f}",
            )
            for row in rows
        ),
        numbers=frozenset(range(6)),
        note=("Recommended numbers stand out. " if marked else "")
        + "The price per image is that of full use. The units are assumed to be spread evenly over two Availability"
        " Zones: AWS does not say over how many they are.",
        marked=marked,
    )
