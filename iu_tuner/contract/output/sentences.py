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
BUSY = 0.75
"""Utilization at the peak above which the summary offers one more unit: at 75 % busy, 1 s of credit carries requests
that come at random without throttles (`python -m bench.constants`: 15 requests/s at 20)."""


def summarized(output: Answer, cautions: Iterable[str] = ()) -> Answer:
    """The output with its `summary`, which page, e-mail and client print. `cautions` are clauses about the images."""
    return replace(output, summary=" ".join([_headline(output), *_advice(output), *map(_sentence, cautions)]))


def _headline(output: Findings) -> str:
    """The first sentence: the inference units to start with, and what one carries."""
    rate, per_unit, advice = output.max_tps.rate, output.per_unit, output.recommendation
    if output.verdict == "skipped":
        who = output.held_by
        holder = f"the run {who.run_id} holds the model since {who.since}" if who else "another run holds the model"
        return f"Nothing was measured: {holder}."
    if output.verdict == "account-throttled" and rate is not None:
        through = requests_per_second(rate.estimate)
        if output.limited_by == "sudden-increase":
            return f"At least {through}: {SERVICE} refused a sudden increase before the model was at its maximum."
        return f"Your account's quota lets {through} through; the rate of the model itself is not known yet."
    if output.verdict == "unstable":
        return "No number of inference units can be recommended: the measurement is unstable."
    if per_unit is None:
        return "No rate could be measured, so no number of inference units follows."
    if not advice.table:
        return f"No number of inference units follows from this run, in which one carries {carried(per_unit)}."
    if advice.units is None:
        return f"One {UNIT} of this model carries {_sizing(output, per_unit)}."
    runs = "This model now runs with" if isinstance(output, Output) and output.applied else "Start this model with"
    return f"{runs} {units_range(advice.units)}: one carries {_sizing(output, per_unit)}."


def _sizing(output: Findings, per_unit: Rate) -> str:
    """The rate of one inference unit that sizes the recommendation."""
    if output.recommendation.sized_by != "cleanTps" or output.clean_tps.rate is None:
        return carried(per_unit)
    clean = output.clean_tps.rate / (output.inference_units or 1)
    most = requests_per_second(per_unit.estimate)
    return f"{tps(clean)} evenly paced requests/s, and throttles above that (its maximum is {most})"


def _advice(output: Findings) -> Iterator[str]:
    """What follows the headline: how busy the units are, and what the verdict asks of the reader."""
    advice, verdict = output.recommendation, output.verdict
    if advice.units is None:
        return
    if advice.batch:
        yield f"The batch takes {duration(3600 * advice.batch.hours)} and ${advice.batch.usd:,.2f}."
    elif output.max_tps.high is not None:
        yield from _busy(advice, advice.units[1])
    if verdict == "not-saturated":
        yield "Burst credit may be part of that rate: run again with a higher test.maxConcurrency to find the maximum."
    if verdict == "client-limited":
        limit = "Lambda's concurrency" if output.limited_by == "lambda-concurrency" else "The load workers"
        yield f"{limit} limited this rate, not the model: the verdict says what to change before you run again."
    if advice.concurrency_per_inference_unit is not None:
        most = count(advice.concurrency_per_inference_unit, "request")
        yield f"The model queues what it can't carry: let your clients have at most {most} in flight per {UNIT}."
    if verdict == "windowed-quota":
        yield "Let your clients pace their requests evenly."


def _busy(advice: RecommendationOutput, most: int) -> Iterator[str]:
    """How busy the maximum is at the peak, and if it is very busy, how busy one more unit would make it."""
    rows = {row.inference_units: row for row in advice.table}
    row, more = rows.get(most), rows.get(most + 1)
    if row is None or row.utilization_at_peak is None:
        return
    unit = count(most, "unit")
    sentence = f"{unit} {'is' if most == 1 else 'are'} {_percent(row.utilization_at_peak)} busy at your peak"
    if more is not None and more.utilization_at_peak is not None and row.utilization_at_peak > BUSY:
        usd = more.usd_per_hour - row.usd_per_hour
        sentence += f"; {most + 1} are {_percent(more.utilization_at_peak)} busy and cost ${usd:,.2f} an hour more"
    yield f"{sentence}."


def _percent(share: float) -> str:
    return percent(round(share, 2))


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def carried(rate: Rate) -> str:
    """A rate with its interval: `5.00 requests/s (4.87 to 5.13)`."""
    if rate.high is None:
        return f"at least {requests_per_second(rate.estimate)}"
    return f"{requests_per_second(rate.estimate)} ({tps(rate.low)} to {tps(rate.high)})"


def units_range(units: tuple[int, int]) -> str:
    """`2 inference units`, `2 to 3 inference units`."""
    least, most = units
    return count(least, UNIT) if least == most else f"{least} to {count(most, UNIT)}"


def receipt_sentence(model: ModelOutput) -> str:
    """A sentence on how the model was left and what it cost in this run."""
    status, before = model.status_after, model.status_before
    if status == DELETED:
        how = "The model version was deleted, so it costs nothing."
    elif model.costs_money:
        hourly = "money" if model.usd_per_hour is None else f"${model.usd_per_hour:,.2f} an hour"
        how = f"The model was left {status}, as the run was to leave it (it was {before} before): it costs {hourly}."
    else:
        word = model.service_status_after
        read = f"{word}, the service's word for {status}" if word else status
        how = f"The model is stopped: its status was read back as {read} (it was {before} before)."
    if model.started_at is None or model.inference_unit_hours is None or model.usd is None:
        return how
    return (
        f"{how} In this run it ran from {model.started_at} to {model.stopped_at or 'the end'}: "
        f"{model.inference_unit_hours:.4f} inference unit hours, ${model.usd:.2f}."
    )
