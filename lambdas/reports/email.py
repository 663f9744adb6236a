"""What people are told of a run that is over: an e-mail's subject and text.

Names, errors and causes come from outside, and whoever makes them up must not write the message: each
stays on its line, without control characters, and the subject has ASCII only, as SNS wants it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.model_arn import names_in
from lambdas.reports.sentences import answer_sentence
from lambdas.runs.failed_run import FailedRun, receipt_sentence
from lambdas.runs.receipt import Receipt, model_left

MAX_SUBJECT = 99  # SNS: "less than 100 characters"
MAX_LINE = 4_000  # of 256 kB for all: a cause may be a whole traceback
FROM = "Inference Unit Tuner"
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class Message:
    """`subject`: 1 to 99 printable ASCII characters; `body`: lines of text."""

    subject: str
    body: str


def finished_email(output: Mapping[str, Any]) -> Message:
    """A run with an answer."""
    verdict, per_unit = output["verdict"], output["tpsPerInferenceUnit"]
    rate = "no rate" if per_unit is None else f"{per_unit:.2f} TPS per inference unit"
    cost = output["cost"]
    lines = [
        answer_sentence(output),
        "",
        f"Verdict: {verdict}. {output['verdictDetail']}",
        *_recommended(output["recommendation"]),
        *_besides(output),
        f"Cost of this run: ${cost['runUsd']:.2f} ({cost['inferenceUnitHours']:.4f} inference unit hours at "
        f"${cost['pricePerInferenceUnitHourUsd']:g}).",
        receipt_sentence(output["model"]),
        "",
        *(f"{what}: {output[key]}" for key, what in _WHERE.items() if output.get(key)),
        *_who(output["runId"], output["modelArn"]),
    ]
    slower = ", SLOWER than before" if output.get("regression") else ""
    return _message(f"{verdict}, {rate}{slower}", output["modelArn"], lines)


def failed_email(run: FailedRun) -> Message:
    """A run without an answer."""
    lines = [
        f"The run failed with {run.error}: {run.cause}",
        "",
        run.how_model_was_left,
        "",
        *([f"Report: {run.report_uri}"] if run.report_uri else []),
        *_who(run.run_id, run.model_arn),
    ]
    return _message(f"FAILED with {run.error}", run.model_arn, lines)


def cleaned_up_email(run: FailedRun, receipt: Receipt) -> Message:
    """What a safety layer did for a run that had failed before its model was seen stopped."""
    lines = [
        f"A run that had failed with {run.error} did not settle its model; the safety net has now done so.",
        "",
        receipt_sentence(model_left(receipt)),
        "",
        *_who(run.run_id, run.model_arn),
    ]
    return _message("model settled after a failed run", run.model_arn, lines)


_WHERE = {"reportUri": "Report", "resultUri": "Result"}


def _recommended(advice: Mapping[str, Any]) -> list[str]:
    least, most = advice["minInferenceUnits"], advice["maxInferenceUnits"]
    head = "no number follows" if least is None else f"{least} at least, {most} at most"
    return [f"Recommended inference units: {head}", *(f"  - {reason}" for reason in advice["reasons"])]


def _besides(output: Mapping[str, Any]) -> list[str]:
    """A line for each thing that not every run has."""
    plan, parameter = output["recommendation"].get("plan"), output.get("answerParameter")
    told = {
        "REGRESSION" if output.get("regression") else "Compared": output.get("regressionDetail"),
        "Start and stop": plan and plan["sentence"],
        "More inference units": output.get("scaling", {}).get("detail"),
        "Images": output.get("imageComparison", {}).get("detail"),
        "Applied": output.get("appliedDetail"),
        "Answer as SSM parameter": parameter or output.get("answerParameterDetail"),
        "No report": output.get("reportDetail"),
    }
    return [f"{what}: {text}" for what, text in told.items() if text]


def _who(run_id: str, model_arn: str | None) -> list[str]:
    return [f"Run: {run_id}", f"Model: {model_arn or 'none was named'}"]


def _message(what: str, model_arn: str | None, lines: list[str]) -> Message:
    names = names_in(model_arn)
    model = f"{names.project}/{names.version}" if names else "no model"
    subject = _one_line(f"{FROM}: {what}: {model}").encode("ascii", "replace").decode()
    return Message(_cut(subject, MAX_SUBJECT), "\n".join(_cut(_one_line(line), MAX_LINE) for line in lines))


def _one_line(text: str) -> str:
    """Without line breaks, and without what is not seen, or turns the direction of reading."""
    return "".join(" " if unicodedata.category(each) in _INVISIBLE else each for each in text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
