"""Sentences that the e-mail, the report and the client share: the answer, and how the model was left."""

from __future__ import annotations

from iu_tuner.contract.model_arn import SERVICE
from iu_tuner.contract.output.measured import Rate
from iu_tuner.contract.output.result import DELETED, Findings, ModelOutput, Output
from iu_tuner.formats import count, requests_per_second, tps

UNIT = "inference unit"


def headline(output: Findings, demand: str = "") -> str:
    """The answer as a sentence for readers new to load tests; `demand` is a clause about the user's demand."""
    rate, per_unit, advice = output.max_tps.rate, output.per_unit, output.recommendation
    if output.verdict == "skipped":
        who = output.held_by
        holder = f"the run {who.run_id} holds the model since {who.since}" if who else "another run holds the model"
        return f"Nothing was measured: {holder}."
    if output.verdict == "account-throttled" and rate is not None:
        through = requests_per_second(rate.estimate)
        if output.limited_by == "sudden-increase":
            return f"At least {through}: {SERVICE} refused a sudden increase before the model was at its maximum."
        return f"Your account's quota lets {through} through; what the model itself carries is not known yet."
    if output.verdict == "unstable":
        return "No number of inference units can be recommended: the measurement is unstable."
    if per_unit is None:
        return "No rate could be measured, so no number of inference units follows."
    if not advice.table:
        return f"No number of inference units follows from this run, in which one carries {carried(per_unit)}."
    if advice.units is None:
        return f"One {UNIT} of this model carries {carried(per_unit)}."
    runs = "This model now runs with" if isinstance(output, Output) and output.applied else "Start this model with"
    return f"{runs} {units_range(advice.units)}: one carries {carried(per_unit)}{demand}."


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
        how = f"The model is stopped: its status was read back as {status} (it was {before} before)."
    if model.started_at is None or model.inference_unit_hours is None or model.usd is None:
        return how
    return (
        f"{how} In this run it ran from {model.started_at} to {model.stopped_at or 'the end'}: "
        f"{model.inference_unit_hours:.4f} inference unit hours, ${model.usd:.2f}."
    )
