"""Sentences that the e-mail, the report and the client share: the answer, and how the model was left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from iu_tuner.contract.model_arn import SERVICE
from iu_tuner.contract.output.measured import Rate
from iu_tuner.contract.output.recommendation import RecommendationOutput
from iu_tuner.contract.output.result import DELETED, Findings, ModelOutput, Output
from iu_tuner.formats import count, duration, percent, requests_per_second, tps

Answer = TypeVar("Answer", bound=Findings)

UNIT = "inference unit"
BUSY_UTILIZATION = 0.75
"""Utilization at the peak above which the summary offers one more unit: at 75 % busy, 1 s of credit carries requests
that come at random without throttles (`python -m bench.constants`: 15 requests/s at 20)."""


def summarized(output: Answer, cautions: Iterable[str] = ()) -> Answer:
    """The output with its `summary`, which page, e-mail and client print. `cautions` are clauses about the images."""
    return replace(output, summary=" ".join([_headline(output), *_advice(output), *map(_clause_sentence, cautions)]))


def _headline(output: Findings) -> str:
    """The first sentence: the inference units to start with, and what one carries."""
    rate, per_unit, advice = output.max_tps.rate, output.per_unit, output.recommendation
    if output.verdict == "skipped":
        holder = output.held_by
        holder_text = (
            f"the run {holder.run_id} holds the model since {holder.since}" if holder else "another run holds the model"
        )
        return f"Nothing was measured: {holder_text}."
    if output.verdict == "account-throttled" and rate is not None:
        rate_text = requests_per_second(rate.estimate)
        if output.limited_by == "sudden-increase":
            return f"At least {rate_text}: {SERVICE} refused a sudden increase before the model was at its maximum."
        return f"Your account's quota lets {rate_text} through; the rate of the model itself is not known yet."
    if output.verdict == "unstable":
        return "No number of inference units can be recommended: the measurement is unstable."
    if per_unit is None:
        return "No rate could be measured, so no number of inference units follows."
    if not advice.table:
        return (
            f"No number of inference units follows from this run, in which one carries {rate_with_interval(per_unit)}."
        )
    if advice.units is None:
        return f"One {UNIT} of this model carries {_sizing_rate(output, per_unit)}."
    beginning = "This model now runs with" if isinstance(output, Output) and output.applied else "Start this model with"
    return f"{beginning} {units_range(advice.units)}: one carries {_sizing_rate(output, per_unit)}."


def _sizing_rate(output: Findings, per_unit: Rate) -> str:
    """The rate of one inference unit that sizes the recommendation."""
    if output.recommendation.sized_by != "cleanTps" or output.clean_tps.rate is None:
        return rate_with_interval(per_unit)
    clean_tps = output.clean_tps.rate / (output.inference_units or 1)
    max_rate = requests_per_second(per_unit.estimate)
    return f"{tps(clean_tps)} evenly paced requests/s, and throttles above that (its maximum is {max_rate})"


def _advice(output: Findings) -> Iterator[str]:
    """What follows the headline: how busy the units are, and what the verdict asks of the reader."""
    advice, verdict = output.recommendation, output.verdict
    if advice.units is None:
        return
    if advice.batch:
        yield f"The batch takes {duration(3600 * advice.batch.hours)} and ${advice.batch.usd:,.2f}."
    elif output.max_tps.high is not None:
        yield from _utilization_sentence(advice, advice.units[1])
    if verdict == "not-saturated":
        yield "Burst credit may be part of that rate: run again with a higher test.maxConcurrency to find the maximum."
    if verdict == "client-limited":
        limiter = "Lambda's concurrency" if output.limited_by == "lambda-concurrency" else "The load workers"
        yield f"{limiter} limited this rate, not the model: the verdict says what to change before you run again."
    if advice.concurrency_per_inference_unit is not None:
        limit = count(advice.concurrency_per_inference_unit, "request")
        yield f"The model queues what it can't carry: let your clients have at most {limit} in flight per {UNIT}."
    if verdict == "windowed-quota":
        yield "Let your clients pace their requests evenly."


def _utilization_sentence(advice: RecommendationOutput, max_units: int) -> Iterator[str]:
    """How busy the maximum is at the peak, and if it is very busy, how busy one more unit would make it."""
    rows = {row.inference_units: row for row in advice.table}
    row, next_row = rows.get(max_units), rows.get(max_units + 1)
    if row is None or row.utilization_at_peak is None:
        return
    units_text = count(max_units, "unit")
    sentence = f"{units_text} {'is' if max_units == 1 else 'are'} {_percent(row.utilization_at_peak)} busy at your peak"
    if next_row is not None and next_row.utilization_at_peak is not None and row.utilization_at_peak > BUSY_UTILIZATION:
        usd = next_row.usd_per_hour - row.usd_per_hour
        sentence += (
            f"; {max_units + 1} are {_percent(next_row.utilization_at_peak)} busy and cost ${usd:,.2f} an hour more"
        )
    yield f"{sentence}."


def _percent(share: float) -> str:
    return percent(round(share, 2))


def _clause_sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def rate_with_interval(rate: Rate) -> str:
    """A rate with its interval: `5.00 requests/s (4.87 to 5.13)`."""
    if rate.high is None:
        return f"at least {requests_per_second(rate.estimate)}"
    return f"{requests_per_second(rate.estimate)} ({tps(rate.low)} to {tps(rate.high)})"


def units_range(units: tuple[int, int]) -> str:
    """`2 inference units`, `2 to 3 inference units`."""
    min_units, max_units = units
    return count(min_units, UNIT) if min_units == max_units else f"{min_units} to {count(max_units, UNIT)}"


def receipt_sentence(model: ModelOutput) -> str:
    """A sentence on how the model was left and what it cost in this run."""
    status, before = model.status_after, model.status_before
    if status == DELETED:
        sentence = "The model version was deleted, so it costs nothing."
    elif model.costs_money:
        cost = "money" if model.usd_per_hour is None else f"${model.usd_per_hour:,.2f} an hour"
        sentence = f"The model was left {status}, as the run was to leave it (it was {before} before): it costs {cost}."
    else:
        service_status = model.service_status_after
        status_text = f"{service_status}, the service's word for {status}" if service_status else status
        sentence = f"The model is stopped: its status was read back as {status_text} (it was {before} before)."
    if model.started_at is None or model.inference_unit_hours is None or model.usd is None:
        return sentence
    return (
        f"{sentence} In this run it ran from {model.started_at} to {model.stopped_at or 'the end'}: "
        f"{model.inference_unit_hours:.4f} inference unit hours, ${model.usd:.2f}."
    )
