"""The demo's comparison of the answer with the simulated truth."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.measured import Rate
from iu_tuner.contract.output.result import Output
from local.simulated_model.model_spec import ModelTruth


def answer_table(answer: Output, report: dict[str, Any]) -> Table:
    """A table with the run's answer beside the simulated model's truth."""
    measured = [(answer.max_tps.rate, answer.inference_units)]
    if answer.scaling and answer.scaling.max_tps:
        measured.append((answer.scaling.max_tps.rate, answer.scaling.inference_units))
    table = Table("", "measured", "simulated truth", title="Answer", box=box.SIMPLE_HEAD)
    table.add_row("model", ModelArn.of(answer.model_arn).project, report["truth"]["limiter"].replace("_", " "))
    table.add_row("verdict", f"[bold]{answer.verdict}[/bold]", "")
    for rate, units in measured:
        if rate is not None and units is not None:
            table.add_row(f"max TPS at {units} IU", *_beside_truth(rate, _true_tps(report, units)))
    latency, advice = answer.latency_ms, answer.recommendation
    table.add_row("clean TPS", _or_dash(answer.clean_tps.rate), "")
    table.add_row("latency p50, p95 (ms)", f"{_or_dash(latency.p50)}, {_or_dash(latency.p95)}", "")
    units_advised = f"{_or_dash(advice.min_inference_units)} to {_or_dash(advice.max_inference_units)}"
    table.add_row("recommended IUs", f"[bold]{units_advised}[/bold]", "")
    sent, seen = to_json(answer.requests), report["totals"]
    table.add_row("requests sent = accepted + throttled + failed", _equation(sent), _equation(seen))
    billed = report["inferenceUnitSecondsBilled"] / 3600
    table.add_row("IU-hours", f"{answer.cost.inference_unit_hours:.4f}", f"{billed:.4f}")
    table.add_row("cost of the run", f"${answer.cost.run_usd:.2f}", "")
    left = answer.model.service_status_after or answer.model.status_after
    table.add_row("model afterwards", left, report["serviceStatus"])
    return table


def _beside_truth(rate: Rate, true_tps: float) -> tuple[str, str]:
    high = "…" if rate.high is None else f"{rate.high:.2f}"
    error = f"{rate.estimate / true_tps - 1:+.1%}" if true_tps else ""
    measured = f"[bold]{rate.estimate:.2f}[/bold] ({rate.low:.2f} to {high})"
    return measured, f"{true_tps:.2f} ({error})"


def _true_tps(report: dict[str, Any], units: int) -> float:
    return ModelTruth.from_mapping(report["truth"]).true_tps(units, report["meanImageCost"])


def _or_dash(value: float | None) -> str:
    return "-" if value is None else str(value)


def _equation(counts: dict[str, Any]) -> str:
    return f"{counts['sent']} = {counts['accepted']} + {counts['throttled']} + {counts['failed']}"
