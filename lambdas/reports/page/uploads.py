"""The page of a run for uploads: its results over time against the measured rate, its images, and its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.formats import tps
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Contents, Figure, Summary, Table
from lambdas.reports.page.html.formats import moment, usd
from lambdas.reports.page.images import counts_table, failures_by_kind, pairs_table, progress

_REPLAY_ADVICE = "Look at the failures by kind. iu-tuner queue replay sends the dead letters again."
_NEXT_ACTIONS = {
    "served": "Nothing; uploads that come start the model again.",
    "limit-reached": "Give higher limits if uploads are not to wait for a day.",
}


@dataclass(frozen=True)
class ServeFacts:
    """What the page shows beside the output: `points` are (seconds since the gate was opened, results until then)."""

    started_at: str
    points: Sequence[tuple[float, int]]
    measured_tps: float | None
    terms: Mapping[str, Any]


def serve_contents(output: ServeOutput, facts: ServeFacts, versions: Mapping[str, str]) -> Contents:
    """The contents of the page."""
    names, model = ModelArn.of(output.model_arn), output.model
    is_served, has_failed = output.verdict == "served", output.images.failed > 0
    circumstances = f"{facts_of(output.model_arn).notice}Uploads under {output.prefix}, {moment(facts.started_at)}"
    return Contents(
        Summary(
            subject="Images analysed by",
            model=names.project,
            version=names.version,
            circumstances=circumstances,
            answer=output.sentence,
            verdict=output.verdict,
            tone="good" if is_served and not has_failed else "caution",
            evidence=output.verdict_detail,
            next_action=_REPLAY_ADVICE if is_served and has_failed else _NEXT_ACTIONS.get(output.verdict, ""),
            command=None,
            figures=_figures(output, facts),
            receipt=receipt_sentence(model) if model else "",
            receipt_tone="caution" if model is not None and model.costs_money else "good",
            reasons=(),
        ),
        (progress(facts.points, facts.measured_tps),),
        (
            _images(output),
            *_failures(output),
            pairs_table("terms", "Terms of the run", facts.terms.items()),
            pairs_table("versions", "Versions", versions.items()),
        ),
        "The same as data: result.json beside this file.",
    )


def _figures(output: ServeOutput, facts: ServeFacts) -> tuple[Figure, ...]:
    images, cost = output.images, output.cost
    per_1000 = cost.usd_per1000_images if cost else None
    measured_text = "not measured before" if facts.measured_tps is None else f"{tps(facts.measured_tps)} were measured"
    return (
        Figure("Results", f"{images.done:,}", f"{images.failed:,} failed, {images.waiting:,} wait"),
        Figure("Images/s", "–" if output.tps is None else tps(output.tps), measured_text),
        Figure("Cost", usd(cost.run_usd if cost else None), f"{usd(per_1000)} for 1,000 images"),
        Figure("Inference units", str(output.inference_units or "–"), "of the model in this run"),
    )


def _images(output: ServeOutput) -> Table:
    images = output.images
    rows = [("with a new result", images.done), ("failed", images.failed), ("wait for the next start", images.waiting)]
    return counts_table("images", "Images", rows)


def _failures(output: ServeOutput) -> tuple[Table, ...]:
    if not output.images.failed:
        return ()
    kinds = ((each.error, each.images, each.key, each.message) for each in output.failures)
    note = "Each failed image has a file <key>.error.json and a dead letter that say why."
    return (failures_by_kind(kinds, note),)
