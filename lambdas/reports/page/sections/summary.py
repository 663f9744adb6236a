"""The first screen: the answer, its reliability, its cost, and how the model was left."""

from __future__ import annotations

from collections.abc import Sequence

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.output.sentences import UNIT, rate_with_interval, receipt_sentence
from iu_tuner.formats import count, requests_per_second
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.registry import facts_of
from lambdas.reports.page.html.contents import Figure, Note, Summary, Tone
from lambdas.reports.page.html.formats import moment, usd
from lambdas.reports.page.sections.answers import VERDICTS, costs, next_action
from lambdas.reports.page.sections.regression import earlier
from lambdas.runs.run import Run


def summary(run: Run, steps: Sequence[MeasuredStep], answer: Output) -> Summary:
    """The texts of the first screen."""
    arn = ModelArn.of(run.model_arn)
    verdict, tone = VERDICTS.get(answer.verdict, (answer.verdict, "caution"))
    receipt, receipt_tone = _receipt(answer)
    notice = facts_of(run.model_arn).notice
    return Summary(
        model=arn.project,
        version=arn.version,
        circumstances=(
            f"{notice}Run {run.run_id}, {moment(run.started_at)}, {run.mode} mode, {count(len(steps), 'step')}"
        ),
        answer=answer.summary,
        verdict=verdict,
        tone=tone,
        evidence=answer.verdict_detail,
        next_action=next_action(run, answer),
        command=answer.start_command,
        figures=_figures(run, answer),
        receipt=receipt,
        receipt_tone=receipt_tone,
        reasons=tuple(answer.recommendation.reasons),
        notes=(*_failed_actions(answer), *earlier(run.started_at, answer)),
    )


def _failed_actions(answer: Output) -> tuple[Note, ...]:
    """Notes on requested actions that failed."""
    notes = []
    if answer.applied is False:
        notes.append(Note("applied", "The answer was not applied", answer.applied_detail or "", "caution"))
    if answer.answer_parameter_detail:
        title = "The answer was not handed on"
        notes.append(Note("parameter", title, f"{answer.answer_parameter_detail}.", "caution"))
    return tuple(notes)


def _receipt(answer: Output) -> tuple[str, Tone]:
    """A sentence on how the model was left, and its tone: `caution` for a model that still costs money."""
    sentence = receipt_sentence(answer.model)
    if answer.applied and answer.applied_detail:
        sentence = f"{answer.applied_detail} {sentence}"
    return sentence, "caution" if answer.model.costs_money else "good"


def _figures(run: Run, answer: Output) -> tuple[Figure, ...]:
    (hourly, hourly_note), (per_image, per_image_note) = costs(run, answer)
    return (
        _capacity(run, answer),
        Figure("Cost per hour", hourly, hourly_note),
        Figure("Cost per 1,000 images", per_image, per_image_note),
        Figure("This run cost", usd(answer.cost.run_usd), f"{answer.cost.inference_unit_hours:.3f} {UNIT} hours"),
    )


def _capacity(run: Run, answer: Output) -> Figure:
    name = "One inference unit carries"
    if answer.verdict == "unstable":
        return Figure(name, "–", "the measurement is unstable")
    if answer.per_unit is None:
        return Figure(name, "–", "no rate was measured")
    if answer.per_unit.high is None:
        value = requests_per_second(answer.per_unit.estimate)
        return Figure(name, f"≥ {value}", "a lower bound: how much more is not known")
    clean = answer.clean_tps.rate
    if answer.recommendation.sized_by == "cleanTps" and clean is not None:
        maximum = requests_per_second(answer.per_unit.estimate)
        return Figure(name, requests_per_second(clean / run.inference_units), f"evenly paced; {maximum} at most")
    value, _, interval = rate_with_interval(answer.per_unit).partition(" (")
    note = f"{interval.rstrip(')')}, with 95 % confidence"
    if run.inference_units != 1:
        note += f"; measured with {count(run.inference_units, UNIT)}"
    return Figure(name, value, note)
