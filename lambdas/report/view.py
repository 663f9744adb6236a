"""From a run, its steps and its answer to all that its page says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.capacity.run import Run
from lambdas.capacity.step import MeasuredStep
from lambdas.report.concurrency import concurrency
from lambdas.report.contents import Contents
from lambdas.report.latencies import latencies
from lambdas.report.summary import summary
from lambdas.report.tables import (
    errors_table,
    images_table,
    input_table,
    skipped_table,
    steps_table,
    versions_table,
)
from lambdas.report.timeline import timeline
from lambdas.report.units import units


def contents(
    run: Run, steps: Sequence[MeasuredStep], answer: Mapping[str, Any], versions: Mapping[str, str]
) -> Contents:
    """The report of a run; `answer` is its output, `versions` name what measured it."""
    main = [step for step in steps if step.counts.plan.series == "main"]
    return Contents(
        summary(run, steps, answer),
        (
            timeline(steps, answer),
            concurrency(main, answer),
            units(run, answer),
            latencies(run, main, answer),
        ),
        (
            steps_table(steps),
            errors_table(answer),
            images_table(run, answer),
            skipped_table(answer),
            input_table(run),
            versions_table(versions),
        ),
    )
