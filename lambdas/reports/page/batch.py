"""The page of a batch: its progress against the measured rate, its failures, its cost, and the alternatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.batch.sentences import batch_sentence
from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.formats import count, percent, tps
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Contents, Figure, Summary, Table, Tone
from lambdas.reports.page.html.formats import milliseconds, moment, usd
from lambdas.reports.page.images import counts_table, failures_by_kind, flat_values, pairs_table, progress

_TONES: Mapping[str, Tone] = {"complete": "good", "nothing-to-do": "good"}
_NEXT_ACTIONS = {
    "complete": "Use the results: manifest.json lists their files.",
    "partial": "Run again with resume to process what is left; failed.jsonl says what to mend.",
    "deadline-missed": "Give more inference units, or an earlier start.",
    "nothing-to-do": "Nothing; new images are processed by the next run.",
}


@dataclass(frozen=True)
class BatchFacts:
    """What the page shows beside the output.

    `points` are (seconds since the first request, results until then). `measured_tps` is the rate that was measured
    with these inference units; None without a measurement.
    """

    started_at: str
    points: Sequence[tuple[float, int]]
    measured_tps: float | None
    expected_usd: float | None
    effective_input: Mapping[str, Any]


def batch_contents(output: BatchOutput, facts: BatchFacts, versions: Mapping[str, str]) -> Contents:
    """The contents of the page."""
    names, model = ModelArn.of(output.model_arn), output.model
    still_costs = model is not None and model.costs_money
    return Contents(
        Summary(
            subject="Images analysed by",
            model=names.project,
            version=names.version,
            circumstances=f"{facts_of(output.model_arn).notice}Batch {output.run_id}, {moment(facts.started_at)}",
            answer=batch_sentence(output),
            verdict=output.verdict,
            tone=_TONES.get(output.verdict, "caution"),
            evidence=output.verdict_detail,
            next_action=_NEXT_ACTIONS.get(output.verdict, ""),
            command=None,
            figures=_figures(output, facts),
            receipt=receipt_sentence(model) if model else "",
            receipt_tone="caution" if still_costs else "good",
            reasons=tuple(output.warnings or ()),
        ),
        (progress(facts.points, facts.measured_tps),),
        (
            _images(output),
            *_failures(output),
            *_alternatives(output, facts),
            pairs_table("input", "Input, with its defaults", flat_values(facts.effective_input)),
            pairs_table("versions", "Versions", versions.items()),
        ),
        "The same as data: result.json beside this file, and manifest.json of the batch.",
    )


def _figures(output: BatchOutput, facts: BatchFacts) -> tuple[Figure, ...]:
    images, throughput, cost = output.images, output.throughput, output.cost
    share_text = (
        f"{percent(throughput.of_measured)} of the measured rate" if throughput.of_measured else "not measured before"
    )
    throttled_text = (
        f", {percent(throughput.throttled_share)} throttled" if throughput.throttled_share is not None else ""
    )
    ideal_text = f"{usd(cost.ideal_usd)} for the images alone" if cost and cost.ideal_usd is not None else ""
    expected_text = f"{usd(facts.expected_usd)} expected" if facts.expected_usd is not None else ""
    return (
        Figure("Results", f"{images.done + images.current:,}", f"of {count(images.listed, 'image')}"),
        Figure("Images/s", "–" if throughput.tps is None else tps(throughput.tps), f"{share_text}{throttled_text}"),
        Figure("Cost", usd(cost.run_usd if cost else None), ", ".join(filter(None, (ideal_text, expected_text)))),
        Figure("p50 ms", milliseconds(output.latency_ms.p50), f"p95 {milliseconds(output.latency_ms.p95)}"),
    )


def _images(output: BatchOutput) -> Table:
    images = output.images
    rows = [
        ("with a new result", images.done),
        ("with a current result from before", images.current),
        ("failed", images.failed),
        ("left", images.left),
        ("listed, which is the sum", images.listed),
        ("of these with the content of another image", images.duplicates),
        *((f"left out: {reason}", number) for reason, number in sorted(images.left_out.items())),
    ]
    return counts_table("images", "Images", rows)


def _failures(output: BatchOutput) -> tuple[Table, ...]:
    if not output.failures:
        return ()
    numbers_of = Counter(failure.error for failure in output.failures)
    examples = {failure.error: failure for failure in output.failures}
    kinds = [
        (error, number, examples[error].key, examples[error].message) for error, number in numbers_of.most_common()
    ]
    shown_count = len(output.failures)
    note = (
        f"Of the first {shown_count} of {output.images.failed:,}; failed.jsonl has all."
        if output.images.failed > shown_count
        else ""
    )
    rows = tuple((failure.key, failure.error, f"{failure.attempts}") for failure in output.failures)
    return (
        failures_by_kind(kinds, note),
        Table("failed", "Failed images", ("Key", "Error", "Attempts"), rows, numbers=frozenset({2})),
    )


def _alternatives(output: BatchOutput, facts: BatchFacts) -> tuple[Table, ...]:
    if not output.alternatives:
        return ()
    rows = tuple((f"{each.inference_units}", f"{each.hours:.2f}", usd(each.usd)) for each in output.alternatives)
    columns = ("Inference units", "Hours from start to stop", "Cost")
    note = f"This batch was expected to cost {usd(facts.expected_usd)} with {output.inference_units}."
    title = "The same batch with other inference units"
    return (Table("alternatives", title, columns, rows, numbers=frozenset({0, 1, 2}), note=note),)
