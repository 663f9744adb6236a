"""What the demo shows: the steps as they happen, the answer beside the simulated truth."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group
from rich.spinner import Spinner
from rich.table import Table

from lambdas.adapters.run_store import RunStore
from lambdas.capacity.step import MeasuredStep
from lambdas.capacity.step_rows import step_row

PHASES = {
    "starting": "starting the model",
    "measuring": "measuring",
    "stopping": "stopping the model",
    "stopped": "the model is stopped, publishing",
    "finished": "done",
    "failed": "failed",
}


def progress(store: RunStore, running: bool) -> Group | Table:
    """The steps so far, and what the run is doing."""
    try:
        phase, steps = PHASES[store.phase()], store.steps()
    except KeyError:
        phase, steps = "preparing: input, model, images, cost", []
    return Group(_steps(steps), Spinner("dots", phase)) if running else _steps(steps)


def _steps(steps: list[MeasuredStep]) -> Table:
    table = Table("phase", title="Steps", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("lanes", "workers", "seconds", "accepted", "throttled", "failed", "TPS", "p50 ms"):
        table.add_column(name, justify="right")
    for step in steps:
        if step.counts.workers:
            row = step_row(step.counts)
            values = [
                row[name] for name in ("seconds", "accepted", "throttled", "failed", "acceptedTps", "p50Ms")
            ]
        else:
            values = ["…"] * 6
        plan = step.counts.plan
        table.add_row(plan.phase, str(plan.lanes), str(plan.workers), *map(str, values))
    return table


def answer_table(answer: dict[str, Any], report: dict[str, Any]) -> Table:
    """What the run found, beside what the simulated model knows."""
    rate, units = answer["maxTps"], answer["inferenceUnits"]
    true_tps = units * report["trueTpsPerInferenceUnit"]
    table = Table("", "measured", "simulated truth", title="Answer", box=box.SIMPLE_HEAD)
    table.add_row("model", answer["modelArn"].split("/")[1], report["truth"]["limiter"].replace("_", " "))
    table.add_row("verdict", f"[bold]{answer['verdict']}[/bold]", "")
    if rate["estimate"] is not None:
        high = "…" if rate["high"] is None else f"{rate['high']:.2f}"
        error = f"{rate['estimate'] / true_tps - 1:+.1%}" if true_tps else ""
        table.add_row(
            f"max TPS at {units} IU",
            f"[bold]{rate['estimate']:.2f}[/bold] ({rate['low']:.2f} to {high})",
            f"{true_tps:.2f} ({error})",
        )
    latency, advice = answer["latencyMs"], answer["recommendation"]
    table.add_row("clean TPS", _or_dash(answer["cleanTps"]["rate"]), "")
    table.add_row("latency p50, p95 (ms)", f"{_or_dash(latency['p50'])}, {_or_dash(latency['p95'])}", "")
    units_advised = f"{_or_dash(advice['minInferenceUnits'])} to {_or_dash(advice['maxInferenceUnits'])}"
    table.add_row("recommended IUs", f"[bold]{units_advised}[/bold]", "")
    requests, seen = answer["requests"], report["totals"]
    table.add_row(
        "requests sent = accepted + throttled + failed",
        _equation(requests),
        _equation(seen),
    )
    billed = report["inferenceUnitSecondsBilled"] / 3600
    table.add_row("IU-hours", f"{answer['cost']['inferenceUnitHours']:.4f}", f"{billed:.4f}")
    table.add_row("cost of the run", f"${answer['cost']['runUsd']:.2f}", "")
    table.add_row("model afterwards", answer["model"]["statusAfter"], report["status"])
    return table


def _or_dash(value: float | None) -> str:
    return "-" if value is None else str(value)


def _equation(counts: dict[str, Any]) -> str:
    return f"{counts['sent']} = {counts['accepted']} + {counts['throttled']} + {counts['failed']}"


def units_table(answer: dict[str, Any]) -> Table:
    """What each number of inference units carries and costs."""
    table = Table(title="Inference units", box=box.SIMPLE_HEAD)
    for name in ("IUs", "TPS", "USD per hour", "USD per 1,000 images"):
        table.add_column(name, justify="right")
    for row in answer["recommendation"]["table"]:
        table.add_row(
            str(row["inferenceUnits"]),
            f"{row['tps']:.2f}",
            f"{row['usdPerHour']:.2f}",
            f"{row['usdPer1000Images']:.3f}",
        )
    return table
