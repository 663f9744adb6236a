"""The answer as a sentence, the next action, and the costs."""

from __future__ import annotations

import shlex

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.output.sentences import UNIT, headline
from iu_tuner.formats import count, requests_per_second
from lambdas.models.registry import facts_of
from lambdas.planning.demand import BatchDemand, PastDemand
from lambdas.reports.page.html.contents import Tone
from lambdas.reports.page.html.formats import duration, given, usd, usd_finely
from lambdas.reports.page.sections.units import demanded
from lambdas.runs.run import Run

# The verdict's word -> the verdict in plain words, and its tone.
VERDICTS: dict[str, tuple[str, Tone]] = {
    "ok": ("Measured", "good"),
    "throttles-below-max": ("Measured, but throttled below the maximum", "caution"),
    "latency-bound": ("Measured by latency: the model queues and does not throttle", "good"),
    "not-saturated": ("A lower bound: the model was not saturated", "caution"),
    "windowed-quota": ("The quota comes in windows", "caution"),
    "account-throttled": ("The account's quota came first", "caution"),
    "client-limited": ("A lower bound: the load workers were too slow", "caution"),
    "unstable": ("Unstable: no number to rely on", "bad"),
}

# The next action if a verdict, or the limit behind it, leaves no recommended units,
WITHOUT_NUMBERS: dict[str, str] = {
    "not-saturated": "Run again with a higher test.maxConcurrency to find the maximum.",
    "windowed-quota": "Ask AWS support how the quota is handed out, or let your clients send at a steady low rate.",
    "account-throttled": "Raise the account's quota for {service.operation} in Service Quotas, or run when nothing "
    "else uses {service.name}; then run again.",
    "sudden-increase": "Run again in a few minutes; with a lower test.maxConcurrency if it comes back.",
    "client-limited": "Run again with a lower test.inFlightPerWorker.",
    "lambda-concurrency": "Raise 'Concurrent executions' of AWS Lambda in Service Quotas, or give a higher "
    "test.inFlightPerWorker; then run again.",
    "unstable": "Look at the errors below, and run again in precise mode when nothing else uses the model.",
}
# and the further action if there are recommended units to start the model with.
WITH_NUMBERS: dict[str, str] = {
    "latency-bound": "Start the model with these numbers, and cap the concurrency of your clients:",
    "not-saturated": "Start the model with these numbers, which are on the safe side; a run with a higher "
    "test.maxConcurrency finds the maximum:",
    "windowed-quota": "Start the model with these numbers, and let your clients pace their requests evenly:",
    "client-limited": "Start the model with these numbers, which are on the safe side; a run with a lower "
    "test.inFlightPerWorker finds the maximum:",
    "lambda-concurrency": "Start the model with these numbers, which are on the safe side; a run with more concurrent "
    "executions of AWS Lambda, or a higher test.inFlightPerWorker, finds the maximum:",
}


def answer_sentence(run: Run, answer: Output) -> str:
    """The headline with a clause about the demand."""
    advice = answer.recommendation
    if advice.table and advice.units is None and answer.per_unit:
        return f"{headline(answer)} Say what demand you have, and the report says how many you need."
    if advice.batch and isinstance(run.demand, BatchDemand):
        through = f"your {run.demand.images:,} images are through in {duration(3600 * advice.batch.hours)}"
        return headline(answer, f", and {through}")
    demand = " and ".join(f"{given(rate)} {_at(name)}" for name, rate in demanded(run, answer))
    whose = "you need"
    if isinstance(run.demand, PastDemand):
        whose = "with the headroom you need" if run.demand.headroom else "clients asked for"
    return headline(answer, f", and {whose} {demand}")


def next_action(run: Run, answer: Output) -> str:
    """The next action, by verdict and recommendation."""
    word, clean = answer.verdict, answer.clean_tps.rate
    limit = answer.limited_by or word
    limit = limit if limit in WITHOUT_NUMBERS else word
    if not answer.recommendation.min_inference_units:
        ask = "Give demand.averageTps and demand.peakTps, or read the table of inference units below."
        return WITHOUT_NUMBERS.get(limit, ask).format(service=facts_of(run.model_arn))
    if answer.applied:
        return "Nothing: the run has started the model with these numbers. Stop it when you don't need it any more."
    if answer.model.status_after == "RUNNING":
        return "The model still runs as it was found. Stop it, wait until it is STOPPED, and start it with these:"
    if word == "throttles-below-max":
        rate = requests_per_second(clean) if clean else "a lower rate than the maximum"
        tested = count(run.inference_units, UNIT)
        return f"Start the model with these numbers, and let clients send at most {rate} per {tested}, evenly paced:"
    return WITH_NUMBERS.get(limit, "Start the model with these numbers:")


def start_command(answer: Output) -> str | None:
    """The AWS CLI command that starts the model with the recommended units. Returns None if none are recommended."""
    units, arn = answer.recommendation.units, answer.model_arn
    if units is None or answer.applied:
        return None
    service = facts_of(arn)
    parameters = service.start_parameters(arn, *units)
    return shlex.join(service.command(service.start, parameters, ModelArn.of(arn).region))


def costs(run: Run, answer: Output) -> tuple[tuple[str, str], tuple[str, str]]:
    """The costs per hour and per 1,000 images, each as a value and a remark."""
    advice, price = answer.recommendation, run.usd_per_unit_hour
    least, most = advice.units or (0, 0)
    of = f"at {usd(price)} per {UNIT} and hour"
    if not least:
        hourly = (usd(price), f"per {UNIT}, used or not")
    elif least == most:
        hourly = (usd(least * price), f"for {count(least, UNIT)}, {of}")
    else:
        hourly = (f"{usd(least * price)} to {usd(most * price)}", f"for {least} to {most} {UNIT}s, {of}")
    if not advice.table:
        return hourly, ("–", "no rate to divide by")
    per_image = usd_finely(advice.table[0].usd_per_1000_images)
    wanted = demanded(run, answer)
    if least and wanted:
        at_demand = least * price / (wanted[0][1] * 3.6)
        return hourly, (per_image, f"at full use; {usd_finely(at_demand)} at your {wanted[0][0]} demand")
    return hourly, (per_image, "at full use")


def _at(name: str) -> str:
    return {"average": "on average", "peak": "at the peak"}.get(name, "on average and at the peak")
