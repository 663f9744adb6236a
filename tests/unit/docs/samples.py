"""The samples on the pages, all computed: `python -m tests.unit.docs.samples` writes them anew.

A sample is a fenced block behind a comment: `<!-- sample NAME -->`. The test compares each with what is computed here.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from iu_tuner.contract.events import SOURCE
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import Output
from lambdas.runs.failed_run import FailedRun
from local.demo_model import DEMO_MODEL, DEMO_TEST
from local.demo_view import answer_table
from simulation.image_comparison import sample_comparison
from simulation.samples.run import INPUT, RUNNING_S, sample_output
from tests.support import past_traffic
from tests.unit.docs.links import REPOSITORY, pages
from tests.unit.experiments.test_scaling import verified
from tests.unit.planning.test_advice import recommendation

WIDTH = 120
MODEL_ARN = INPUT["modelArn"]
RECEIPT = Receipt("finally", 1_795_250_580.0, "STOPPED", "STOPPED", 1_795_241_400.0, 1_795_250_580.0, 2.55, 10.2)
_AS_IT_IS: Any = {"break_long_words": False, "break_on_hyphens": False}
_BLOCK = re.compile(r"(<!-- sample ([\w ]+) -->\n+```\w*\n)(.*?)(?=```)", re.DOTALL)


def compact(value: Any, indent: str = "", before: int = 0) -> str:
    """JSON with each object or list on one line where it fits into WIDTH, of which `before` characters are taken.

    A longer object of plain values is filled line by line; any other one has a line for each of its parts.
    """
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or before + len(flat) + 1 <= WIDTH:
        return flat
    inner = indent + "  "
    if isinstance(value, list):
        parts = [inner + compact(part, inner, len(inner)) for part in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    if not any(isinstance(part, dict | list) for part in value.values()) and indent:
        fields = [f"{json.dumps(key)}:\0{compact(part)}".replace(" ", "\0") for key, part in value.items()]
        filled = textwrap.fill(", ".join(fields), WIDTH, initial_indent=inner, subsequent_indent=inner, **_AS_IT_IS)
        return "{\n" + filled.replace("\0", " ") + f"\n{indent}}}"
    names = {key: f"{inner}{json.dumps(key)}: " for key in value}
    parts = [name + compact(value[key], inner, len(name)) for key, name in names.items()]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def answer() -> str:
    """Six fields of the sample output, a line each."""
    whole = sample_output()
    advice = {key: part for key, part in whole["recommendation"].items() if key not in ("reasons", "table")}
    shown = {**whole, "recommendation": advice, "cost": {"runUsd": whole["cost"]["runUsd"]}}
    shown["model"] = {key: whole["model"][key] for key in ("statusBefore", "statusAfter")}
    names = [name for name in ("summary", "verdict", "maxTps", "recommendation", "cost", "model") if name in shown]
    lines = [f"  {json.dumps(name)}: {json.dumps(shown[name], ensure_ascii=False)}" for name in names]
    return "{\n" + ",\n".join(lines) + "\n}"


def demo() -> str:
    """The table that the demo ends with, for the sample run of the demo's model."""
    whole, truth = sample_output(DEMO_MODEL, DEMO_TEST["startConcurrency"]), DEMO_MODEL
    report = {
        "truth": {"tps_per_iu": truth.tps_per_iu, "limiter": truth.limiter},
        "meanImageCost": 1.0,
        "totals": whole["requests"],
        "inferenceUnitSecondsBilled": RUNNING_S,
        "status": whole["model"]["statusAfter"],
    }
    console = Console(width=100, force_terminal=False, color_system=None, file=None)
    with console.capture() as captured:
        console.print(answer_table(from_json(Output, whole), report))
    return "\n".join(line.rstrip() for line in captured.get().splitlines() if line.strip())


def past_demand() -> str:
    """The parts of a recommendation that a demand from past traffic adds, shortened."""
    whole = recommendation(past_traffic.office_hours(tps=12))
    shown = {
        "": "minInferenceUnits maxInferenceUnits",
        "demand": "days periodSeconds minutes averageTps peakTps percentile ofThisModel",
        "carried": "inferenceUnits minutesShare requestsShare",
        "autoScaling": "throttledShare meanInferenceUnits usdPerMonth",
        "plan": "sentence scheduler",
    }
    parts = {name: {key: (whole[name] if name else whole)[key] for key in keys.split()} for name, keys in shown.items()}
    return compact({**parts.pop(""), **parts})


def second_measurement() -> str:
    """`scaling` of a model whose second inference unit carries less than the first."""
    _, _, found = verified(tps_per_iu=5, unit_efficiency=0.8)
    return f'"scaling": {compact(to_json(found.as_output()))}'


def event() -> str:
    """The event of a run that cost more than its limit."""
    cause = (
        "the model has cost $10.20 in this run, more than limits.maxCostUsd = 10 - raise the limit, or test with fewer "
        "inference units"
    )
    detail = to_json(FailedRun("monday-morning", MODEL_ARN, "BudgetExceeded", cause, RECEIPT).as_output())
    return compact({"source": SOURCE, "detail-type": "Run Failed", "resources": [MODEL_ARN], "detail": detail})


SAMPLES: dict[str, Callable[[], str]] = {
    "smallest input": lambda: compact({"modelArn": MODEL_ARN}),
    "answer": answer,
    "demo": demo,
    "input": lambda: json.dumps(INPUT, indent=2),
    "whole input": lambda: compact(parse_input(INPUT).model_dump(by_alias=True, exclude_none=True)),
    "output": lambda: compact(sample_output()),
    "demand": past_demand,
    "comparison": lambda: compact(sample_comparison()),
    "scaling": second_measurement,
    "event": event,
}


def shown_samples() -> dict[str, str]:
    """Samples on the pages by name."""
    return {name: text for page in pages(REPOSITORY) for _, name, text in _BLOCK.findall(page.read_text("utf-8"))}


def refresh(page: Path) -> None:
    """Write the samples of this page anew."""
    text = page.read_text("utf-8")
    fresh = _BLOCK.sub(lambda block: f"{block[1]}{SAMPLES[block[2]]()}\n", text)
    if fresh != text:
        page.write_text(fresh, "utf-8")
        print(page.relative_to(REPOSITORY))


if __name__ == "__main__":
    for each in pages(REPOSITORY):
        refresh(each)
