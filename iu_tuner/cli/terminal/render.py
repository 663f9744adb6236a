"""Renders a run for a terminal: its steps as they happen, its answer, how the model was left."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from iu_tuner.cli.aws.runs_table import PastRun
from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.models.evaluation import Evaluation
from iu_tuner.cli.terminal.images import images_progress
from iu_tuner.contract.output.live_run import CurrentStep, LiveRun
from iu_tuner.contract.output.measured import Rate, StepOutput
from iu_tuner.contract.output.recommendation import UnitsOutput
from iu_tuner.contract.output.result import Findings, Output
from iu_tuner.contract.output.sentences import rate_with_interval, receipt_sentence
from iu_tuner.formats import one_line

PHASES = {
    "preparing": "preparing: input, model, images, cost",
    "listing": "listing the images",
    "starting": "starting the model",
    "processing": "processing",
    "serving": "the model runs for uploads",
    "closing": "the gate is closed, and what is in flight ends",
    "measuring": "measuring",
    "stopping": "stopping the model",
    "stopped": "the model is stopped",
    "restoring": "giving the model back",
    "restored": "the model is as it was found",
    "applying": "starting the model with the recommended inference units",
    "applied": "the model runs with the recommended inference units",
    "finished": "done",
    "failed": "failed",
}


def progress(snapshot: Snapshot, times: Callable[[], str] = str) -> RenderableType:
    """The steps so far and the current phase of the run, as a table; `times` is called whenever it is drawn.

    Only a measurement has steps.
    """
    has_steps, is_over = images_progress(snapshot.run, time.time()) is None, snapshot.status != "RUNNING"
    if is_over:
        return _steps(snapshot.run) if has_steps else Text(progress_line(snapshot))
    steps = (_steps(snapshot.run),) if has_steps else ()
    return Group(*steps, Spinner("line", Text(progress_line(snapshot))), _RefreshedSentence(times))


@dataclass(frozen=True)
class _RefreshedSentence:
    """A sentence that is made anew whenever the terminal is drawn, with a line for each of its parts."""

    sentence: Callable[[], str]

    def __rich__(self) -> Text:
        return Text("\n".join(f"  {part}" for part in self.sentence().split("; ")))


def progress_line(snapshot: Snapshot) -> str:
    """The progress in one line."""
    run = snapshot.run
    if snapshot.status != "RUNNING":
        return f"the run has ended: {snapshot.status}"
    if run is not None and (sentence := images_progress(run, time.time())) is not None:
        return f"{PHASES.get(run.phase, run.phase)}: {sentence}"
    if run is None or run.progress is None:
        return _phase_text(run)
    live_progress, estimate = run.progress, run.progress.estimate
    counts = f"{live_progress.accepted} accepted, {live_progress.throttled} throttled, {live_progress.failed} failed"
    rate = f"about {rate_with_interval(Rate(estimate.tps, estimate.low, estimate.high))}" if estimate else ""
    return "; ".join(part for part in (_phase_text(run), counts, rate) if part)


def _phase_text(run: LiveRun | None) -> str:
    if run is None:
        return PHASES["preparing"]
    step = run.progress.step if run.progress and run.phase == "measuring" else None
    phase_text = PHASES.get(run.phase, run.phase)
    return (
        f"{phase_text}: step {step.number}, {_step_name(step)} at {step.concurrency} in flight" if step else phase_text
    )


def _steps(run: LiveRun | None) -> Table:
    table = Table(title="Steps", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("phase", overflow="fold")
    for name in ("in flight", "workers", "seconds", "accepted", "throttled", "failed", "TPS", "p50 ms"):
        table.add_column(name, justify="right", no_wrap=" " not in name)
    finished_steps = run.progress.steps if run and run.progress else ()
    for row in finished_steps:
        numbers = (row.seconds, row.accepted, row.throttled, row.failed, row.accepted_tps, row.p50_ms)
        values = ("…" if number is None else str(number) for number in numbers)
        table.add_row(_table_phase(row), str(row.concurrency), str(row.workers), *values)
    if run and run.progress and (step := run.progress.step):
        table.add_row(_table_phase(step), str(step.concurrency), str(step.workers), *["…"] * 6)
    return table


def _step_name(step: StepOutput | CurrentStep) -> str:
    """A step's phase, with its series unless that is the main one."""
    return f"{step.phase} ({step.series})" if step.series else step.phase


def _table_phase(step: StepOutput | CurrentStep) -> str:
    """The same in words of at most seven letters, for which 80 columns have place."""
    return plain(f"{step.phase} {step.series or ''}".strip())


def answer(output: Findings) -> Iterator[RenderableType]:
    """The parts of the answer: a sentence, a table of inference units, the cost, and how the model was left."""
    yield Text(plain(output.summary), style="bold")
    if output.start_command:
        yield Text(plain(output.start_command), no_wrap=True)
    yield Text(plain(f"Verdict: {output.verdict}. {output.verdict_detail}"))
    if output.recommendation.table:
        yield units_table(output.recommendation.table)
    for reason in output.recommendation.reasons:
        yield Text(f"- {plain(reason)}")
    if output.image_comparison:
        yield Text(f"Images compared: {plain(output.image_comparison.detail)}")
    if output.scaling:
        yield Text(f"Scaling: {plain(output.scaling.detail)}")
    if not isinstance(output, Output):
        return
    cost = output.cost
    expected_text = f" (about ${cost.expected_usd:.2f} was expected)" if cost.expected_usd is not None else ""
    yield Text(f"Cost of the run: ${cost.run_usd:.2f}{expected_text}")
    yield Text(plain(receipt_sentence(output.model)))
    if uri := output.report_uri or output.result_uri:
        yield Text(f"Report: {plain(uri)}")


def units_table(rows: Sequence[UnitsOutput]) -> Table:
    """A table with the capacity and the cost of each number of inference units."""
    table = Table(title="Inference units", box=box.SIMPLE_HEAD)
    for name in ("IUs", "TPS", "busy at peak", "TPS, one zone of two lost", "USD per hour", "USD per 1,000 images"):
        table.add_column(name, justify="right")
    for row in rows:
        utilization, tps_left = row.utilization_at_peak, row.tps_with_one_zone_lost
        table.add_row(
            str(row.inference_units),
            f"{row.tps:.2f}",
            "-" if utilization is None else f"{utilization:.0%}",
            "-" if tps_left is None else f"{tps_left:.2f}",
            f"{row.usd_per_hour:.2f}",
            f"{row.usd_per_1000_images:.3f}",
        )
    return table


def plain(value: object) -> str:
    """Text from outside as one line, without control sequences for the terminal."""
    return one_line(re.sub(r"[\t\r\n]+", " ", str(value)), "\ufffd")


def history_table(past_runs: Sequence[PastRun]) -> Table:
    """A table with a row per past run; a failed run has its error in the column of the verdict."""
    table = Table(title="Runs", box=box.SIMPLE_HEAD, caption=None if past_runs else "none so far")
    for name in ("started (UTC)", "run", "verdict"):
        table.add_column(name, overflow="fold")
    for name in ("IUs", "TPS per IU", "recommended IUs", "USD"):
        table.add_column(name, justify="right")
    for run in past_runs:
        started = plain(run.values["startedAt"])[:16].replace("T", " ")
        table.add_row(started, plain(run.values["runId"]), plain(_verdict(run)), *_numbers(run))
    return table


def thresholds_table(evaluation: Evaluation) -> Table:
    """A table with a row per label, and the F1 score, precision and recall over all labels below."""
    table = Table(title="Labels with their assumed threshold, 0 to 100", box=box.SIMPLE_HEAD, show_footer=True)
    table.add_column("label", "all", overflow="fold")
    table.add_column("threshold", justify="right")
    for name, overall in (("F1", evaluation.f1), ("precision", evaluation.precision), ("recall", evaluation.recall)):
        table.add_column(name, _decimals(overall, 3), justify="right")
    table.add_column("test images", justify="right")
    for each in evaluation.labels:
        shares = (_decimals(share, 3) for share in (each.f1, each.precision, each.recall))
        images = "-" if each.test_images is None else str(each.test_images)
        table.add_row(plain(each.name), _decimals(each.threshold, 2), *shares, images)
    return table


def _decimals(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _verdict(run: PastRun) -> str:
    """The verdict, or the error of a failed run, or both if the run failed after it had its answer."""
    failure = f"failed: {run.values['error']}" if "error" in run.values else ""
    return ", then ".join(part for part in (run.values.get("verdict"), failure) if part)


def _numbers(run: PastRun) -> tuple[str, ...]:
    """What the run measured. A batch and a run for uploads have only inference units and a cost."""
    output = run.output
    if output is None:
        units, cost = run.values.get("inferenceUnits"), run.values.get("cost")
        return "-" if units is None else plain(units), "-", "-", f"{cost['runUsd']:.2f}" if cost else "-"
    per_unit, units = output.tps_per_inference_unit, output.recommendation.units
    return (
        plain(output.inference_units),
        "-" if per_unit is None else f"{per_unit:.2f}",
        "-" if units is None else f"{units[0]} to {units[1]}",
        f"{output.cost.run_usd:.2f}",
    )
