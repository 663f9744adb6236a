"""The e-mail about a finished run: its subject and its text.

Names, errors and causes come from outside and must not forge parts of the message. So each stays on its line, without
control characters, and the subject has only ASCII, as SNS requires.
"""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.batch.sentences import batch_sentence
from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.recommendation import RecommendationOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.formats import one_line
from lambdas.runs.failed_run import FailedRun

MAX_SUBJECT = 99  # SNS: "less than 100 characters"
MAX_LINE = 4_000  # characters, of 256 kB for the message; a cause may be a whole traceback
SENDER = "Inference Unit Tuner"


@dataclass(frozen=True)
class Message:
    """`subject`: 1 to 99 printable ASCII characters; `body`: lines of text."""

    subject: str
    body: str


def finished_email(output: Output) -> Message:
    """The e-mail about a run with an answer."""
    verdict, per_unit = output.verdict, output.tps_per_inference_unit
    rate = "no rate" if per_unit is None else f"{per_unit:.2f} TPS per inference unit"
    cost = output.cost
    lines = [
        output.summary,
        *([output.start_command] if output.start_command else []),
        "",
        f"Verdict: {verdict}. {output.verdict_detail}",
        *_recommendation_lines(output.recommendation),
        *_optional_lines(output),
        f"Cost of this run: ${cost.run_usd:.2f} ({cost.inference_unit_hours:.4f} inference unit hours at "
        f"${cost.price_per_inference_unit_hour_usd:g}).",
        receipt_sentence(output.model),
        "",
        *(f"{label}: {uri}" for label, uri in (("Report", output.report_uri), ("Result", output.result_uri)) if uri),
        *_run_and_model(output.run_id, output.model_arn),
    ]
    slower = ", SLOWER than before" if output.regression else ""
    return _message(f"{verdict}, {rate}{slower}", output.model_arn, lines)


def batch_email(output: BatchOutput) -> Message:
    """The e-mail about a batch."""
    ideal_usd = output.cost.ideal_usd if output.cost else None
    failures = [f"  - {failure.key}: {failure.error}: {failure.message}" for failure in output.failures]
    files = {
        "Report": output.report_uri,
        "Manifest": output.manifest_uri,
        "Failed images": output.failed_uri if output.failures else None,
    }
    lines = [
        batch_sentence(output),
        f"Verdict: {output.verdict}. {output.verdict_detail}",
        *([f"The images alone would cost ${ideal_usd:,.2f} at the measured rate."] if ideal_usd is not None else []),
        *([f"The first failed images, of {output.images.failed:,}:", *failures] if failures else []),
        *([receipt_sentence(output.model)] if output.model else []),
        "",
        *(f"{label}: {uri}" for label, uri in files.items() if uri),
        *_run_and_model(output.run_id, output.model_arn),
    ]
    images = output.images
    return _message(f"batch {output.verdict}, {images.done:,} of {images.listed:,} images", output.model_arn, lines)


def serve_email(output: ServeOutput) -> Message:
    """The e-mail about a model that ran for uploads."""
    lines = [
        output.sentence,
        f"Verdict: {output.verdict}. {output.verdict_detail}",
        *([receipt_sentence(output.model)] if output.model else []),
        "",
        *([f"Report: {output.report_uri}"] if output.report_uri else []),
        f"Uploads under: {output.prefix}",
        *_run_and_model(output.run_id, output.model_arn),
    ]
    return _message(f"uploads {output.verdict}, {output.images.done:,} images", output.model_arn, lines)


def failed_email(run: FailedRun) -> Message:
    """The e-mail about a run without an answer."""
    lines = [
        f"The run failed with {run.error}: {run.cause}",
        "",
        run.how_model_was_left,
        "",
        *([f"Report: {run.report_uri}"] if run.report_uri else []),
        *_run_and_model(run.run_id, run.model_arn),
    ]
    return _message(f"FAILED with {run.error}", run.model_arn, lines)


def cleaned_up_email(run: FailedRun, receipt: Receipt) -> Message:
    """The e-mail about a model that the safety net released after its run had failed."""
    lines = [
        f"A run that had failed with {run.error} did not settle its model; the safety net has now done so.",
        "",
        receipt_sentence(receipt.as_output()),
        "",
        *_run_and_model(run.run_id, run.model_arn),
    ]
    return _message("model settled after a failed run", run.model_arn, lines)


def _recommendation_lines(advice: RecommendationOutput) -> list[str]:
    min_units, max_units = advice.min_inference_units, advice.max_inference_units
    units_text = "no number follows" if min_units is None else f"{min_units} at least, {max_units} at most"
    return [f"Recommended inference units: {units_text}", *(f"  - {reason}" for reason in advice.reasons)]


def _optional_lines(output: Output) -> list[str]:
    """One line per optional part of the output."""
    plan, parameter = output.recommendation.plan, output.answer_parameter
    texts = {
        "REGRESSION" if output.regression else "Compared": output.regression_detail,
        "Start and stop": plan and plan.sentence,
        "More inference units": output.scaling and output.scaling.detail,
        "Images": output.image_comparison and output.image_comparison.detail,
        "Applied": output.applied_detail,
        "Answer as SSM parameter": parameter or output.answer_parameter_detail,
        "No report": output.report_detail,
    }
    return [f"{label}: {text}" for label, text in texts.items() if text]


def _run_and_model(run_id: str, model_arn: str | None) -> list[str]:
    return [f"Run: {run_id}", f"Model: {model_arn or 'none was named'}"]


def _message(what: str, model_arn: str | None, lines: list[str]) -> Message:
    arn = ModelArn.find(model_arn)
    model = arn.name if arn else "no model"
    subject = one_line(f"{SENDER}: {what}: {model}").encode("ascii", "replace").decode()
    return Message(_cut(subject, MAX_SUBJECT), "\n".join(_cut(one_line(line), MAX_LINE) for line in lines))


def _cut(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else f"{text[: max_length - 3]}..."
