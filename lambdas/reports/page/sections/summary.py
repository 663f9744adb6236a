"""The first screen: the answer, what it is worth, what it costs, and how the model was left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.load.measured_step import MeasuredStep
from lambdas.reports.page.html.contents import Figure, Note, Summary, Tone
from lambdas.reports.page.html.formats import count, duration, moment, requests_per_second, usd
from lambdas.reports.page.sections.answers import VERDICTS, answer_sentence, carried, costs, next_action, start_command
from lambdas.reports.page.sections.regression import earlier
from lambdas.reports.page.sections.units import UNIT
from lambdas.runs.run import Run


def summary(run: Run, steps: Sequence[MeasuredStep], answer: Mapping[str, Any]) -> Summary:
    """All texts of the first screen."""
    project, version = _names(run.model_arn)
    verdict, tone = VERDICTS.get(answer["verdict"], (answer["verdict"], "caution"))
    receipt, receipt_tone = receipt_sentence(run, answer)
    return Summary(
        model=project,
        version=version,
        about=f"Run {run.run_id}, {moment(run.started_at)}, {run.mode} mode, {count(len(steps), 'step')}",
        answer=answer_sentence(run, answer),
        verdict=verdict,
        tone=tone,
        evidence=answer["verdictDetail"],
        next_action=next_action(run, answer),
        command=start_command(answer),
        figures=_figures(run, answer),
        receipt=receipt,
        receipt_tone=receipt_tone,
        reasons=tuple(answer["recommendation"]["reasons"]),
        notes=(*_left_undone(answer), *earlier(run.started_at, answer)),
    )


def _left_undone(answer: Mapping[str, Any]) -> tuple[Note, ...]:
    """What was asked for, and could not be done."""
    notes = []
    if answer.get("applied") is False:
        notes.append(Note("applied", "The answer was not applied", answer["appliedDetail"], "caution"))
    if answer.get("answerParameterDetail"):
        title = "The answer was not handed on"
        notes.append(Note("parameter", title, f"{answer['answerParameterDetail']}.", "caution"))
    return tuple(notes)


def receipt_sentence(run: Run, answer: Mapping[str, Any]) -> tuple[str, Tone]:
    """How the model was left, as it was read back from the service."""
    model = answer["model"]
    status, before = model["statusAfter"], model["statusBefore"]
    ran = _ran(answer)
    if answer.get("applied"):
        return f"{answer['appliedDetail']}{ran}", "caution"
    if status == "RUNNING":
        hourly = usd(model.get("usdPerHour", run.inference_units * run.usd_per_unit_hour))
        left = "given back RUNNING, as it was found" if before == "RUNNING" else "left RUNNING"
        return f"The model was {left}: it goes on to cost about {hourly} an hour.{ran}", "caution"
    at = f" at {moment(model['stoppedAt'])}" if model["stoppedAt"] else ""
    if status == "STOPPED":
        return f"The model is stopped: STOPPED was read back{at}. It costs nothing now.{ran}", "good"
    return f"The model's status is {status}, read back{at}: it does not run.{ran}", "good"


def _ran(answer: Mapping[str, Any]) -> str:
    hours, usd_spent = answer["model"]["inferenceUnitHours"], answer["model"]["usd"]
    if not hours:
        return ""
    seconds = duration(3600 * hours / (answer["inferenceUnits"] or 1))
    return f" It ran for {seconds} in this run, with {count(answer['inferenceUnits'], UNIT)}: {usd(usd_spent)}."


def _figures(run: Run, answer: Mapping[str, Any]) -> tuple[Figure, ...]:
    (hourly, hourly_note), (per_image, per_image_note) = costs(run, answer)
    return (
        _capacity(answer),
        Figure("Cost per hour", hourly, hourly_note),
        Figure("Cost per 1,000 images", per_image, per_image_note),
        Figure(
            "This run cost", usd(answer["cost"]["runUsd"]), f"{answer['cost']['inferenceUnitHours']:.3f} {UNIT} hours"
        ),
    )


def _capacity(answer: Mapping[str, Any]) -> Figure:
    name = "One inference unit carries"
    if answer["verdict"] == "unstable":
        return Figure(name, "–", "the measurement is unstable")
    if answer["tpsPerInferenceUnit"] is None:
        return Figure(name, "–", "no rate could be told")
    if answer["maxTps"]["high"] is None:
        value = requests_per_second(answer["tpsPerInferenceUnit"])
        return Figure(name, f"≥ {value}", "a lower bound: how much more is not known")
    value, _, interval = carried(answer).partition(" (")
    note = f"{interval.rstrip(')')}, with 95 % confidence"
    if answer["inferenceUnits"] != 1:
        note += f"; measured with {count(answer['inferenceUnits'], UNIT)}"
    return Figure(name, value, note)


def _names(arn: str) -> tuple[str, str]:
    """Project and version of a model version's ARN."""
    parts = [*arn.split("/"), *[""] * 4]
    return parts[1], parts[3]
