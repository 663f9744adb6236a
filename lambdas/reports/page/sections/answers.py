"""The verdict in plain words, the next action, and the costs."""

from __future__ import annotations

from iu_tuner.contract.output.result import Output
from iu_tuner.contract.output.sentences import UNIT
from iu_tuner.formats import count, requests_per_second
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Tone
from lambdas.reports.page.html.formats import usd, usd_finely
from lambdas.reports.page.sections.units import demand_rates
from lambdas.runs.run import Run

# The verdict's word -> the verdict in plain words, and its tone.
VERDICTS: dict[str, tuple[str, Tone]] = {
    "ok": ("Measured", "good"),
    "throttles-below-max": ("Measured, but throttled below the maximum", "caution"),
    "latency-bound": ("Measured by latency: the model queues and does not throttle", "good"),
    "not-saturated": ("A lower bound: the model was not saturated", "caution"),
    "windowed-quota": ("The quota is refilled in windows", "caution"),
    "account-throttled": ("The account's quota came first", "caution"),
    "client-limited": ("A lower bound: the load workers were too slow", "caution"),
    "unstable": ("Unstable: no number to rely on", "bad"),
}

# The next action if a verdict, or the limit behind it, leaves no recommended units,
ACTIONS_WITHOUT_UNITS: dict[str, str] = {
    "not-saturated": "Run again with a higher test.maxConcurrency to find the maximum.",
    "windowed-quota": "Ask AWS support how the quota is refilled, or let your clients send at a steady low rate.",
    "account-throttled": "Raise the account's quota for {service.operation} in Service Quotas, or run when nothing "
    "else uses {service.name}; then run again.",
    "sudden-increase": "Run again in a few minutes; with a lower test.maxConcurrency if it comes back.",
    "client-limited": "Run again with a lower test.inFlightPerWorker.",
    "lambda-concurrency": "Raise 'Concurrent executions' of AWS Lambda in Service Quotas, or give a higher "
    "test.inFlightPerWorker; then run again.",
    "throttles-below-max": "Run again when the model has no other load: no evenly paced rate passed without throttles.",
    "unstable": "Look at the errors below, and run again in precise mode when nothing else uses the model.",
}
# and the further action if there are recommended units to start the model with.
ACTIONS_WITH_UNITS: dict[str, str] = {
    "latency-bound": "Start the model with these numbers, and let your clients have at most {lanes} in flight per "
    "inference unit:",
    "not-saturated": "Run again with a higher test.maxConcurrency to find the maximum. Until then, start the model "
    "with these numbers, and watch for throttles:",
    "windowed-quota": "Start the model with these numbers, and let your clients pace their requests evenly:",
    "client-limited": "Run again with a lower test.inFlightPerWorker to find the maximum. Until then, start the model "
    "with these numbers, and watch for throttles:",
    "lambda-concurrency": "Run again with more concurrent executions of AWS Lambda, or a higher "
    "test.inFlightPerWorker, to find the maximum. Until then, start the model with these numbers, and watch for "
    "throttles:",
}


def next_action(run: Run, answer: Output) -> str:
    """The next action, by verdict and recommendation."""
    word, clean, advice = answer.verdict, answer.clean_tps.rate, answer.recommendation
    limit = answer.limited_by or word
    limit = limit if limit in ACTIONS_WITHOUT_UNITS else word
    if advice.units is None:
        default_action = "Give demand.averageTps and demand.peakTps, or read the table of inference units below."
        return ACTIONS_WITHOUT_UNITS.get(limit, default_action).format(service=facts_of(run.model_arn))
    if answer.applied:
        return "Nothing: the run has started the model with these numbers. Stop it when you don't need it any more."
    if answer.model.status_after == "RUNNING":
        return "The model still runs as it was found. Stop it, wait until it is STOPPED, and start it with these:"
    if word == "throttles-below-max" and clean:
        rate, units = requests_per_second(clean), count(run.inference_units, UNIT)
        return f"Start the model with these numbers, and let clients send at most {rate} per {units}, evenly paced:"
    lanes = count(advice.concurrency_per_inference_unit or 0, "request")
    return ACTIONS_WITH_UNITS.get(limit, "Start the model with these numbers:").format(lanes=lanes)


def costs(run: Run, answer: Output) -> tuple[tuple[str, str], tuple[str, str]]:
    """The costs per hour and per 1,000 images, each as a value and a remark."""
    advice, price = answer.recommendation, run.usd_per_unit_hour
    min_units, max_units = advice.units or (0, 0)
    price_text = f"at {usd(price)} per {UNIT} and hour"
    if not min_units:
        hourly = (usd(price), f"per {UNIT}, used or not")
    elif min_units == max_units:
        hourly = (usd(min_units * price), f"for {count(min_units, UNIT)}, {price_text}")
    else:
        hourly = (
            f"{usd(min_units * price)} to {usd(max_units * price)}",
            f"for {min_units} to {max_units} {UNIT}s, {price_text}",
        )
    if not advice.table:
        return hourly, ("–", "no rate to divide by")
    per_image = usd_finely(advice.table[0].usd_per_1000_images)
    rates = demand_rates(run, answer)
    if min_units and rates:
        at_demand = min_units * price / (rates[0][1] * 3.6)
        return hourly, (per_image, f"at full use; {usd_finely(at_demand)} at your {rates[0][0]} demand")
    return hourly, (per_image, "at full use")
