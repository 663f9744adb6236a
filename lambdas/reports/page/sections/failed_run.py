"""The page of a run without an answer: the error, the next action, the model's state, and the steps until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.measured import Rate
from iu_tuner.formats import count, requests_per_second, tps
from lambdas.capacity.rates.interval import Interval
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.registry import console_of, facts_of
from lambdas.reports.page.html.contents import Contents, Figure, Summary, Tone
from lambdas.reports.page.html.formats import moment, usd
from lambdas.reports.page.html.words import words_table
from lambdas.reports.page.sections.tables import errors_table, input_table, steps_table, versions_table
from lambdas.reports.page.sections.timeline import timeline
from lambdas.runs.failed_run import FailedRun
from lambdas.runs.live_progress import estimate_so_far
from lambdas.runs.run import Run
from lambdas.runs.step_rows import requests_row

# The contract's error -> the error in plain words, and the next action if the cause does not name it.
ERRORS = {
    "InvalidInput": ("The input was refused", "Correct the field that is named above, then start the run again."),
    "NoUsableImages": ("There was no image to send", "Upload JPEG or PNG images, then run again."),
    "ModelNotFound": ("The model was not found", "Look its ARN up in {console}, then run again."),
    "ModelNotStartable": ("The model cannot be started", "Train it to the end, or name another version."),
    "ModelInUse": ("The model is used by others", "Run again when they do not use it, or give test.allowOtherTraffic."),
    "ModelStartFailed": ("The model did not start", "Start it in {console}; run again when it works."),
    "ModelLost": ("The model stopped under test", "Find out who stopped it, then run again."),
    "ServiceEnded": ("The model's service has ended", "Use a model of a service that answers."),
    "BudgetExceeded": ("A limit of the run was reached", "Raise limits.maxMinutes or maxCostUsd, then run again."),
    "DeadlineImpossible": ("The deadline cannot be met", "Allow more time, or raise the quota."),
    "TooManyFailures": ("Too many images failed", "Mend the images of failed.jsonl, then run again with resume."),
    "AccessDenied": ("A permission was missing", "Grant what is named above, then run again."),
    "ModelStopFailed": ("The model was not seen stopped", "Stop it in {console} now: it may cost money."),
    "InternalError": ("Something went wrong on this side", "Run again; if it fails again, read the log of the Lambda."),
}


def failure_contents(
    failed: FailedRun, run: Run | None, steps: Sequence[MeasuredStep], versions: Mapping[str, str]
) -> Contents:
    """The contents of the page. If the run ended before it had a plan, `run` is None and `steps` is empty."""
    names = ModelArn.find(failed.model_arn)
    words, next_action = ERRORS.get(failed.error, (failed.error, "Run again."))
    next_action = next_action.format(console=console_of(failed.model_arn))
    start_text = f", {moment(run.started_at)}, {run.mode} mode" if run else ""
    interval = estimate_so_far([step.counts for step in steps if step.number > 0])
    requests, rate = requests_row(steps), Rate(interval.estimate, interval.low, None) if interval else None
    has_load = run is not None and bool(requests.sent)
    service = facts_of(run.model_arn) if run else None
    notice = service.notice if service else ""
    return Contents(
        Summary(
            model=names.project if names else "no model",
            version=names.version if names else "",
            circumstances=f"{notice}Run {failed.run_id}{start_text}, {count(len(steps), 'step')}",
            answer="This run failed: there is no answer yet.",
            verdict=f"{words} ({failed.error})",
            tone="bad",
            evidence=failed.cause[:1].upper() + failed.cause[1:],
            next_action=next_action,
            command=None,
            figures=_figures(failed, run, interval, requests.sent, len(steps)),
            receipt=failed.how_model_was_left,
            receipt_tone=_receipt_tone(failed),
            reasons=(),
        ),
        (timeline(steps, requests, rate, "failed"),) if has_load else (),
        (
            *((steps_table(steps), errors_table(requests, service.throttle)) if service and has_load else ()),
            *((input_table(run),) if run else ()),
            versions_table(versions),
            *((words_table(),) if has_load else ()),
        ),
        "What had been measured is kept in the runs table, on the run's item.",
    )


def _figures(
    failed: FailedRun, run: Run | None, interval: Interval | None, sent: int, steps: int
) -> tuple[Figure, ...]:
    figures = [Figure("Requests sent", f"{sent:,}", f"in {count(steps, 'step')}")]
    if interval is not None and run is not None:
        interval_text = "a lower bound" if interval.high is None else f"{tps(interval.low)} to {tps(interval.high)}"
        note = f"{interval_text}, with {count(run.inference_units, 'inference unit')}; not confirmed"
        figures.append(Figure("Measured so far", requests_per_second(interval.estimate), note))
    if failed.receipt is not None:
        hours = f"{failed.receipt.inference_unit_hours:.3f} inference unit hours"
        figures.append(Figure("This run cost", usd(failed.receipt.usd), hours))
    return tuple(figures)


def _receipt_tone(failed: FailedRun) -> Tone:
    if not failed.is_settled:
        return "bad"
    status_after = failed.receipt.status_after if failed.receipt else None
    return "good" if status_after == "STOPPED" else "caution"
