"""The tables: steps, errors, images, costs, the effective input, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iu_tuner.contract.output.measured import RequestsOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.formats import count, tps
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.outcomes import CONNECTION_LOST, RAMP_LIMIT, S3_LIMIT, TIMED_OUT
from lambdas.reports.page.html.contents import Table
from lambdas.reports.page.html.formats import clock, milliseconds, size, usd
from lambdas.reports.page.sections.timeline import began_at
from lambdas.runs.run import Run
from lambdas.runs.step_rows import step_row

# The meaning of a request's error; other errors appear with their names alone.
ERROR_MEANINGS = {
    "ThrottlingException": "a limit of the account, not of the model",
    RAMP_LIMIT: "the rate of requests grew too suddenly; not the model's capacity",
    "LimitExceededException": "a limit of the account, not of the model",
    "InternalServerError": "the service failed; not the model's capacity",
    CONNECTION_LOST: "no answer came: the connection was lost",
    TIMED_OUT: "no answer came in time",
    S3_LIMIT: "S3 gave the image too slowly; not the model's capacity",
    "ResourceNotReadyException": "the model was not running",
    "ResourceNotFoundException": "the model was not there",
    "AccessDeniedException": "a permission was missing",
    "ImageTooLargeException": "the model refused the image",
    "InvalidImageFormatException": "the model refused the image",
    "InvalidS3ObjectException": "the model could not read the image",
}
PHASE_NAMES = {
    "probe": "probe, each once",
    "ramp": "ramp",
    "look": "look again",
    "window": "window, longer",
    "precise": "precise, longer",
    "latency": "latency, steady",
    "confirm": "confirm, paced",
}


def steps_table(steps: Sequence[MeasuredStep]) -> Table:
    """One row per step, with its start; steps.csv has more columns."""
    columns = (
        "Step",
        "Phase",
        "Began",
        "Concurrent",
        "Workers",
        "Seconds",
        "Sent",
        "Accepted",
        "Throttled",
        "Failed",
        "Accepted/s",
        "p50 ms",
        "p95 ms",
        "Sent late",
        "Drift",
    )
    began_at_s = began_at(steps)
    lost = sum(step.counts.lost_workers for step in steps)
    spoilt = sum(step.counts.spoilt_seconds for step in steps)
    return Table(
        "steps",
        "Steps",
        columns,
        tuple(_step_cells(step, began_at_s) for step in steps),
        numbers=frozenset(range(len(columns))) - {1},
        note="Began counts minutes and seconds from the first request. "
        "A confirmation begins with seconds of full load, to use up saved-up credit: the throttles of its row are "
        "from these, and only what was evenly paced after them decides. Sent late are evenly paced requests that left "
        "more than 50 ms late; drift is the change of the accepted rate from the first half of a step to the second."
        + (f" {count(lost, 'worker')} never reported; the counts are those of the others." if lost else "")
        + (f" A worker stalled for a while: {count(spoilt, 'second')} left out of the rates." if spoilt else ""),
    )


def _step_cells(step: MeasuredStep, began_at_s: float) -> tuple[str, ...]:
    row = step_row(step.counts)
    return (
        str(step.number),
        PHASE_NAMES.get(row.phase, row.phase) + (f" ({row.series})" if row.series else ""),
        clock(step.start_at - began_at_s),
        *(f"{number:,}" for number in (row.concurrency, row.workers)),
        f"{row.seconds:.1f}",
        f"{step.counts.sent:,}",
        *(f"{number:,}" for number in (row.accepted, row.throttled, row.failed)),
        tps(row.accepted_tps or 0.0),
        milliseconds(row.p50_ms),
        milliseconds(row.p95_ms),
        f"{step.counts.late:,}",
        "–" if row.drift_percent is None else f"{row.drift_percent:+.0f} %",
    )


def errors_table(requests: RequestsOutput, throttle: str) -> Table:
    """The throttles, by the service's name of theirs, and all other errors by name."""
    errors = [(throttle, requests.throttled, "throttled: more than the model carries, which is what a run is after")]
    errors += [(name, number, ERROR_MEANINGS.get(name, "")) for name, number in requests.failures.items()]
    rows = tuple(
        (name, f"{number:,}", f"{number / requests.sent:.1%}", meaning) for name, number, meaning in errors if number
    )
    note = "" if requests.failures else "No request failed by another error than a throttle."
    return Table(
        "errors",
        "Errors by name",
        ("Error", "Requests", "Of all sent", "Meaning"),
        rows,
        numbers=frozenset({1, 2}),
        note=note,
    )


def images_table(run: Run, answer: Output) -> Table:
    """The images that were sent, in the order of the requests."""
    left_out = {image.key for image in answer.images.skipped}
    used = [image for image in run.images if image.key not in left_out]
    return Table(
        "images",
        "Images used",
        ("Key", "Size"),
        tuple((image.key, size(image.bytes)) for image in used),
        numbers=frozenset({1}),
        note=f"{answer.images.used} of {count(answer.images.found, 'object')} found in {run.bucket}.",
    )


def skipped_table(answer: Output) -> Table:
    """The skipped objects with the reasons."""
    images = answer.images
    shown_count, total = len(images.skipped), images.skipped_total
    note = "" if shown_count else "No image was skipped."
    return Table(
        "skipped",
        "Images skipped",
        ("Key", "Why"),
        tuple((image.key, image.reason) for image in images.skipped),
        note=f"{shown_count} of {total:,} are shown." if shown_count < total else note,
    )


def costs_table(run: Run, answer: Output) -> Table:
    """The cost of the run, its price per unit hour, and where the answer is stored."""
    cost = answer.cost
    rows = [
        ("Price", f"{usd(run.usd_per_unit_hour)} per inference unit and hour"),
        ("Expected before the start", usd(cost.expected_usd)),
        ("Cost of this run", f"{usd(cost.run_usd)}, {cost.inference_unit_hours:.4f} inference unit hours"),
    ]
    if answer.answer_parameter:
        rows.append(("The answer as SSM parameter", answer.answer_parameter))
    rows.append(("The answer as data", answer.result_uri))
    return Table("costs", "Price and cost", ("What", "Value"), tuple(rows))


def input_table(run: Run) -> Table:
    """The execution's input with all defaults, and what the run derived from it."""
    input_values = {**dict(_flat("", run.effective_input or {"modelArn": run.model_arn}))}
    input_values["images.bucket"] = run.bucket
    rows = [(name, _in_words(value)) for name, value in input_values.items()]
    units_text = f"The model was tested with {count(run.inference_units, 'inference unit')}."
    return Table(
        "input",
        "Input as understood",
        ("Field", "Value"),
        tuple(rows),
        note=" ".join([units_text, *(f"Known before the start: {warning}." for warning in run.warnings)]),
    )


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    else:
        yield path, value


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not given" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def versions_table(versions: Mapping[str, str]) -> Table:
    """The versions of the software that measured the run and wrote the page."""
    return Table("versions", "Versions", ("Part", "Version"), tuple(versions.items()))
