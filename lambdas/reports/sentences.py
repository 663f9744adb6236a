"""The answer of a run in one sentence that needs no knowledge of load tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def answer_sentence(output: Mapping[str, Any]) -> str:
    """What to start the model with, and what one inference unit carries; `output` is the execution's."""
    if output["verdict"] == "skipped":
        return "Nothing was measured: another run was testing this model."
    if output["tpsPerInferenceUnit"] is None:
        return "No rate could be measured, so no number of inference units follows."
    advice, carries = output["recommendation"], f"carries {_rate(output)}"
    if not advice["table"]:
        return f"No number of inference units follows from this run, in which one {carries}."
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    if least is None:
        return f"One inference unit of this model {carries}."
    units = f"{least} inference unit{'s' if least > 1 else ''}"
    return f"Start this model with {units if least == most else f'{least} to {most} inference units'}: one {carries}."


def _rate(output: Mapping[str, Any]) -> str:
    estimate, units, of_all = output["tpsPerInferenceUnit"], output["inferenceUnits"], output["maxTps"]
    if of_all["high"] is None:
        return f"at least {estimate:.2f} requests/s"
    return f"{estimate:.2f} requests/s ({of_all['low'] / units:.2f} to {of_all['high'] / units:.2f})"
