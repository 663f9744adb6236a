"""The answer of a run in one sentence that needs no knowledge of load tests."""

from __future__ import annotations

from iu_tuner.contract.output.result import Findings


def answer_sentence(output: Findings) -> str:
    """What to start the model with, and what one inference unit carries; `output` is the execution's."""
    if output.verdict == "skipped":
        return "Nothing was measured: another run was testing this model."
    if output.tps_per_inference_unit is None:
        return "No rate could be measured, so no number of inference units follows."
    advice, carries = output.recommendation, f"carries {_rate(output)}"
    if not advice.table:
        return f"No number of inference units follows from this run, in which one {carries}."
    least, most = advice.min_inference_units, advice.max_inference_units
    if least is None:
        return f"One inference unit of this model {carries}."
    units = f"{least} inference unit{'s' if least > 1 else ''}"
    return f"Start this model with {units if least == most else f'{least} to {most} inference units'}: one {carries}."


def _rate(output: Findings) -> str:
    rate = output.per_unit
    assert rate is not None
    if rate.high is None:
        return f"at least {rate.estimate:.2f} requests/s"
    return f"{rate.estimate:.2f} requests/s ({rate.low:.2f} to {rate.high:.2f})"
