"""`measureFirst`: the first round finds the model's rate, by which the rest of the batch is quoted. Pure."""

from __future__ import annotations

from iu_tuner.contract.errors import BudgetExceeded, DeadlineImpossible
from iu_tuner.formats import count
from lambdas.batch.next_round import BatchProgress, PaceNow, Terms
from lambdas.batch.unit_capacity import EXPECTED_STOP_S, Capacity
from lambdas.models.tariff import UnitsQuota

_RESUME_ADVICE = "and run again with resume"


def measured_capacity(
    progress: BatchProgress, pace: PaceNow, terms: Terms, now: float, usd_per_unit_hour: float
) -> tuple[Capacity, float]:
    """What one inference unit carries by the pace that the first round has found, and the seconds for the rest.

    Raises:
        BudgetExceeded: a limit would be reached before the last image. DeadlineImpossible: so would the deadline.
    """
    busy_s = progress.remaining / pace.tps
    measured_text = (
        f"the first round measured {pace.tps:.3g} images/s with {count(pace.inference_units, 'inference unit')}, so the"
        f" other {count(progress.remaining, 'image')} would take {busy_s / 60:.3g} minutes"
    )
    if busy_s > terms.remaining.seconds:
        raise BudgetExceeded(
            f"{measured_text}, and {terms.remaining.limit} would be reached before - raise the limit, {_RESUME_ADVICE}"
        )
    if terms.deadline_at is not None and now + busy_s + EXPECTED_STOP_S > terms.deadline_at:
        late_minutes = (now + busy_s + EXPECTED_STOP_S - terms.deadline_at) / 60
        raise DeadlineImpossible(
            f"{measured_text}, {late_minutes:.3g} more than the deadline allows - give a later one, {_RESUME_ADVICE}"
        )
    quota = terms.max_units or UnitsQuota().units
    return Capacity(pace.tps / pace.inference_units, usd_per_unit_hour, quota, start_s=0.0), busy_s
