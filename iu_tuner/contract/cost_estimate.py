"""Estimates the cost of a run in USD before it starts."""

from __future__ import annotations

from iu_tuner.contract.choices import EXPECTED_MINUTES, Mode
from iu_tuner.contract.errors import BudgetExceeded
from iu_tuner.contract.execution_input import ExecutionInput

# Minimum minutes of the load of a run.
MIN_MINUTES: dict[Mode, float] = {"quick": 0.4, "standard": 0.7, "precise": 0.7}
# Additional minutes of an image comparison: up to seven steps with the pauses between them; MIN is the load alone.
EXPECTED_COMPARISON_MINUTES: dict[Mode, float] = {"quick": 1.5, "standard": 2.5, "precise": 2.5}
MIN_COMPARISON_MINUTES: dict[Mode, float] = {"quick": 0.4, "standard": 0.8, "precise": 0.8}


def expected_usd(
    execution_input: ExecutionInput, units: int, usd_per_unit_hour: float, *, second_units: int = 0
) -> float:
    """The expected cost with `units` inference units and a second measurement with `second_units` (0: none).

    Raises:
        BudgetExceeded: the cost or the time exceeds the input's limits; nothing has been started.
    """
    mode, limits, name = execution_input.test.mode, execution_input.limits, f"a {execution_input.test.mode} run"
    min_minutes = MIN_MINUTES[mode]
    if execution_input.images.compare:
        min_minutes, name = min_minutes + MIN_COMPARISON_MINUTES[mode], f"{name} with images.compare"
    if min_minutes > limits.max_minutes:
        raise BudgetExceeded(
            f"{name} takes {min_minutes:g} minutes at the very least, and 10 to 25 more when the "
            f"model has to be started, more than limits.maxMinutes = {limits.max_minutes:g} - raise the limit"
        )
    unit_minutes = units * expected_minutes(execution_input) + second_units * EXPECTED_MINUTES[mode]
    usd = unit_minutes / 60 * usd_per_unit_hour
    if usd > limits.max_cost_usd:
        second_text = f", and again at {second_units}," if second_units else ""
        raise BudgetExceeded(
            f"{name} at {units} x ${usd_per_unit_hour:g}/h{second_text} costs about ${usd:.2f}, more than "
            f"limits.maxCostUsd = {limits.max_cost_usd:g} - raise the limit, or test with fewer inference units"
        )
    return usd


def expected_minutes(execution_input: ExecutionInput) -> float:
    """The expected minutes that the model runs, without a second measurement."""
    mode = execution_input.test.mode
    return EXPECTED_MINUTES[mode] + (EXPECTED_COMPARISON_MINUTES[mode] if execution_input.images.compare else 0.0)
