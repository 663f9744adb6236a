"""What a watched run looks like in a terminal: its steps as they happen, its answer, how the model was left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from iu_tuner.cli.polling import Look
from lambdas.runs.view import RunView

PHASES = {
    "preparing": "preparing: input, model, images, cost",
    "starting": "starting the model",
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
_COLUMNS = ("seconds", "accepted", "throttled", "failed", "acceptedTps", "p50Ms")


def progress(look: Look) -> RenderableType:
    """The steps so far, and what the run is doing."""
    table = _steps(look.view)
    return Group(table, Spinner("line", Text(progress_line(look)))) if look.status == "RUNNING" else table


def progress_line(look: Look) -> str:
    """The same in a line."""
    view = look.view
    if look.status != "RUNNING":
        return f"the run has ended: {look.status}"
    doing = _doing(view)
    if view is None or not view.so_far:
        return doing
    so_far = view.so_far
    counts = ", ".join(f"{so_far[name]} {name}" for name in ("accepted", "throttled", "failed"))
    return "; ".join(part for part in (doing, counts, _estimate(so_far.get("estimate"))) if part)


def _doing(view: RunView | None) -> str:
    if view is None:
        return PHASES["preparing"]
    step = view.so_far.get("step") if view.phase == "measuring" else None
    doing = PHASES.get(view.phase, view.phase)
    return f"{doing}: step {step['number']}, {_named(step)} at {step['concurrency']} in flight" if step else doing


def _estimate(estimate: Mapping[str, Any] | None) -> str:
    return f"about {_rate(estimate['tps'], estimate['low'], estimate['high'])}" if estimate else ""


def _steps(view: RunView | None) -> Table:
    table = Table(title="Steps", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("phase", overflow="fold")
    for name in ("in flight", "workers", "seconds", "accepted", "throttled", "failed", "TPS", "p50 ms"):
        table.add_column(name, justify="right", no_wrap=" " not in name)
    so_far = view.so_far if view else {}
    under_way = [so_far["step"]] if "step" in so_far else []
    for row in (*so_far.get("steps", ()), *under_way):
        values = (plain("…" if row.get(name) is None else row[name]) for name in _COLUMNS)
        table.add_row(plain(_named(row)), str(row["concurrency"]), str(row["workers"]), *values)
    return table


def _named(step: Mapping[str, Any]) -> str:
    """A step's phase, and what it measures beside the answer."""
    return f"{step['phase']} ({step['series']})" if "series" in step else str(step["phase"])


def answer(output: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer: as a sentence, as a table of inference units, its cost, and how the model was left."""
    yield Text(headline(output), style="bold")
    yield Text(plain(output["verdictDetail"]))
    if output["recommendation"]["table"]:
        yield units_table(output)
    for reason in output["recommendation"]["reasons"]:
        yield Text(f"- {plain(reason)}")
    if "imageComparison" in output:
        yield Text(f"Images compared: {plain(output['imageComparison']['detail'])}")
    if "scaling" in output:
        yield Text(f"Scaling: {plain(output['scaling']['detail'])}")
    if "cost" in output:
        cost, expected = output["cost"], output["cost"].get("expectedUsd")
        about = f" (about ${expected:.2f} was expected)" if expected is not None else ""
        yield Text(f"Cost of the run: ${cost['runUsd']:.2f}{about}")
    if "model" in output:
        yield Text(receipt(output["model"]))
    if uri := output.get("reportUri") or output.get("resultUri"):
        yield Text(f"Report: {plain(uri)}")


def headline(output: Mapping[str, Any]) -> str:
    """The answer as a sentence."""
    if holder := output.get("heldBy"):
        return f"Skipped: the run {plain(holder['runId'])} holds the model since {plain(holder['since'])}."
    rate, units, advice = output["maxTps"], output["inferenceUnits"], output["recommendation"]
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    verdict = plain(output["verdict"])
    if rate["estimate"] is None:
        return f"No rate could be told ({verdict})."
    low, high = rate["low"] / units, None if rate["high"] is None else rate["high"] / units
    carried = f"one carries {_rate(rate['estimate'] / units, low, high)} ({verdict})"
    if least is None:
        return f"Of the inference units of this model {carried}."
    wanted = _units(least) if least == most else f"{least} to {_units(most)}"
    return f"Start this model with {wanted}: {carried}."


def receipt(model: Mapping[str, Any]) -> str:
    """How the model was found and left, from the output's `model`."""
    hours, usd = model.get("inferenceUnitHours"), model.get("usd")
    ran = f"; it ran {hours:.4f} inference unit hours in this run, ${usd:.2f}" if hours is not None else ""
    return f"The model was found {model['statusBefore']} and is {model['statusAfter']}{ran}."


def units_table(output: Mapping[str, Any]) -> Table:
    """What each number of inference units carries and costs."""
    table = Table(title="Inference units", box=box.SIMPLE_HEAD)
    for name in ("IUs", "TPS", "USD per hour", "USD per 1,000 images"):
        table.add_column(name, justify="right")
    for row in output["recommendation"]["table"]:
        table.add_row(
            str(row["inferenceUnits"]),
            f"{row['tps']:.2f}",
            f"{row['usdPerHour']:.2f}",
            f"{row['usdPer1000Images']:.3f}",
        )
    return table


def plain(value: object) -> str:
    """Text of others' making as one line, with nothing in it that a terminal would obey."""
    text = re.sub(r"[\t\r\n]+", " ", str(value))
    return "".join("\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char for char in text)


def _rate(tps: float, low: float, high: float | None) -> str:
    return f"at least {low:.2f} requests/s" if high is None else f"{tps:.2f} requests/s ({low:.2f} to {high:.2f})"


def _units(units: int) -> str:
    return "1 inference unit" if units == 1 else f"{units} inference units"


def history_table(past: Sequence[Mapping[str, Any]]) -> Table:
    """A model's past runs, a row each; a run that failed has its error where others have their verdict."""
    table = Table(title="Runs", box=box.SIMPLE_HEAD, caption=None if past else "none so far")
    for name in ("started (UTC)", "run", "verdict"):
        table.add_column(name, overflow="fold")
    for name in ("IUs", "TPS per IU", "recommended IUs", "USD"):
        table.add_column(name, justify="right")
    for run in past:
        started = plain(run["startedAt"])[:16].replace("T", " ")
        table.add_row(started, plain(run["runId"]), plain(_came_out(run)), *_measured(run))
    return table


def _came_out(run: Mapping[str, Any]) -> str:
    """The verdict; the error of a run that failed; both if it failed after it had its answer."""
    failed = f"failed: {run['error']}" if "error" in run else ""
    return ", then ".join(part for part in (run.get("verdict"), failed) if part)


def _measured(run: Mapping[str, Any]) -> tuple[str, ...]:
    if "verdict" not in run:
        return ("-",) * 4
    advice, per_unit = run["recommendation"], run["tpsPerInferenceUnit"]
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    return (
        plain(run["inferenceUnits"]),
        "-" if per_unit is None else f"{per_unit:.2f}",
        "-" if least is None else f"{least} to {most}",
        f"{run['cost']['runUsd']:.2f}",
    )
