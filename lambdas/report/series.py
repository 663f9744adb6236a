"""Which measurement a step belongs to."""

from __future__ import annotations

from lambdas.capacity.step import MeasuredStep


def series_of(step: MeasuredStep) -> str | None:
    """The name of the measurement besides; None: the main one, which the answer is from."""
    return getattr(step.counts.plan, "series", None) or None
