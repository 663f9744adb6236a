"""What the demo shows beside what every watched run shows: the answer next to the simulated truth."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table

from iu_tuner.contract.model_arn import ModelArn
from local.simulated_model.model_spec import ModelTruth


def answer_table(answer: dict[str, Any], report: dict[str, Any]) -> Table:
    """What the run found, beside what the simulated model knows."""
    rate, units = answer["maxTps"], answer["inferenceUnits"]
    table = Table("", "measured", "simulated truth", title="Answer", box=box.SIMPLE_HEAD)
    table.add_row("model", ModelArn.of(answer["modelArn"]).project, report["truth"]["limiter"].replace("_", " "))
    table.add_row("verdict", f"[bold]{answer['verdict']}[/bold]", "")
    second = answer.get("scaling") or {"maxTps": None, "inferenceUnits": None}
    for found, at in ((rate, units), (second["maxTps"], second["inferenceUnits"])):
        if found is not None and found["estimate"] is not None:
            table.add_row(f"max TPS at {at} IU", *_beside_truth(found, _true_tps(report, at)))
    latency, advice = answer["latencyMs"], answer["recommendation"]
    table.add_row("clean TPS", _or_dash(answer["cleanTps"]["rate"]), "")
    table.add_row("latency p50, p95 (ms)", f"{_or_dash(latency['p50'])}, {_or_dash(latency['p95'])}", "")
    units_advised = f"{_or_dash(advice['minInferenceUnits'])} to {_or_dash(advice['maxInferenceUnits'])}"
    table.add_row("recommended IUs", f"[bold]{units_advised}[/bold]", "")
    requests, seen = answer["requests"], report["totals"]
    table.add_row("requests sent = accepted + throttled + failed", _equation(requests), _equation(seen))
    billed = report["inferenceUnitSecondsBilled"] / 3600
    table.add_row("IU-hours", f"{answer['cost']['inferenceUnitHours']:.4f}", f"{billed:.4f}")
    table.add_row("cost of the run", f"${answer['cost']['runUsd']:.2f}", "")
    table.add_row("model afterwards", answer["model"]["statusAfter"], report["status"])
    return table


def _beside_truth(rate: dict[str, Any], true_tps: float) -> tuple[str, str]:
    high = "…" if rate["high"] is None else f"{rate['high']:.2f}"
    error = f"{rate['estimate'] / true_tps - 1:+.1%}" if true_tps else ""
    measured = f"[bold]{rate['estimate']:.2f}[/bold] ({rate['low']:.2f} to {high})"
    return measured, f"{true_tps:.2f} ({error})"


def _true_tps(report: dict[str, Any], units: int) -> float:
    return ModelTruth.from_mapping(report["truth"]).true_tps(units, report["meanImageCost"])


def _or_dash(value: float | None) -> str:
    return "-" if value is None else str(value)


def _equation(counts: dict[str, Any]) -> str:
    return f"{counts['sent']} = {counts['accepted']} + {counts['throttled']} + {counts['failed']}"
