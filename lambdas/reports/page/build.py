"""Builds the contents of a page from a run, its steps and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iu_tuner.contract.output.result import Output
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.registry import facts_of
from lambdas.planning.request_history import RequestHistory
from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.html.words import words_table
from lambdas.reports.page.sections.concurrency import concurrency
from lambdas.reports.page.sections.demand import past
from lambdas.reports.page.sections.experiments import image_comparison, scaling
from lambdas.reports.page.sections.latencies import latencies
from lambdas.reports.page.sections.summary import summary
from lambdas.reports.page.sections.tables import (
    costs_table,
    errors_table,
    images_table,
    input_table,
    skipped_table,
    steps_table,
    versions_table,
)
from lambdas.reports.page.sections.timeline import timeline
from lambdas.reports.page.sections.units import units
from lambdas.reports.page.sections.weekly_schedule import start_stop
from lambdas.runs.run import Run


def contents(
    run: Run,
    steps: Sequence[MeasuredStep],
    answer: Output,
    versions: Mapping[str, str],
    history: RequestHistory | None = None,
) -> Contents:
    """The contents of a run's report; `answer` is its output, `versions` are those of the software that measured it.

    `history` is set if the demand is taken from past requests.
    """
    main = [step for step in steps if step.counts.plan.series == "main"]
    return Contents(
        summary(run, steps, answer),
        (
            *past(answer, history),
            units(run, answer),
            *start_stop(answer),
            *scaling(answer),
            *image_comparison(answer),
            timeline(steps, answer.requests, answer.max_tps.rate, answer.verdict),
            concurrency(main, answer),
            latencies(run, main, answer),
        ),
        (
            steps_table(steps),
            errors_table(answer.requests, facts_of(run.model_arn).throttle),
            images_table(run, answer),
            skipped_table(answer),
            costs_table(run, answer),
            input_table(run),
            versions_table(versions),
            words_table(),
        ),
    )
