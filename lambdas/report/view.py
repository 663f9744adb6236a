"""From a run, its steps and its answer to all that its page says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.capacity.measured_step import MeasuredStep
from lambdas.capacity.request_history import RequestHistory
from lambdas.capacity.run import Run
from lambdas.report.concurrency import concurrency
from lambdas.report.contents import Contents
from lambdas.report.latencies import latencies
from lambdas.report.measured_besides import image_comparison, scaling
from lambdas.report.past import past
from lambdas.report.start_stop import start_stop
from lambdas.report.summary import summary
from lambdas.report.tables import (
    costs_table,
    errors_table,
    images_table,
    input_table,
    skipped_table,
    steps_table,
    versions_table,
    words_table,
)
from lambdas.report.timeline import timeline
from lambdas.report.units import units


def contents(
    run: Run,
    steps: Sequence[MeasuredStep],
    answer: Mapping[str, Any],
    versions: Mapping[str, str],
    history: RequestHistory | None = None,
) -> Contents:
    """The report of a run; `answer` is its output, `versions` name what measured it.

    A run whose demand is from the past comes with that `history`.
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
            timeline(steps, answer),
            concurrency(main, answer),
            latencies(run, main, answer),
        ),
        (
            steps_table(steps),
            errors_table(answer),
            images_table(run, answer),
            skipped_table(answer),
            costs_table(run, answer),
            input_table(run),
            versions_table(versions),
            words_table(),
        ),
    )
