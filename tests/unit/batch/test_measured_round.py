"""`measureFirst`: what the first round found decides whether the rest can be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iu_tuner.contract.errors import BudgetExceeded, DeadlineImpossible
from lambdas.batch.measured_round import measured_capacity
from lambdas.batch.next_round import BatchProgress, PaceNow, Terms
from lambdas.runs.budget import Remaining

HALFWAY = BatchProgress(listed=1200, current=100, done=500, failed=0, shards_waiting=5)
PACE = PaceNow(tps=2.0, cap=None, inference_units=2)
TERMS = Terms(remaining=Remaining(seconds=301.0, limit="limits.maxMinutes"), max_failed_percent=5, max_workers=10)


def test_the_rest_is_quoted_by_the_rate_of_one_unit() -> None:
    capacity, seconds = measured_capacity(HALFWAY, PACE, TERMS, now=0.0, usd_per_unit_hour=4.0)

    assert (capacity.tps_per_unit, capacity.start_s, seconds) == (1.0, 0.0, 300.0)


def test_a_limit_that_would_be_reached_ends_the_batch() -> None:
    terms = replace(TERMS, remaining=Remaining(seconds=299.0, limit="limits.maxMinutes"))

    with pytest.raises(BudgetExceeded, match="other 600 images would take 5 minutes, and limits.maxMinutes would be"):
        measured_capacity(HALFWAY, PACE, terms, now=0.0, usd_per_unit_hour=4.0)


@pytest.mark.parametrize(("deadline_at", "is_met"), [(360.0, True), (359.0, False)])
def test_a_deadline_that_would_be_missed_ends_the_batch(deadline_at: float, is_met: bool) -> None:
    terms = replace(TERMS, deadline_at=deadline_at)

    if is_met:
        measured_capacity(HALFWAY, PACE, terms, now=0.0, usd_per_unit_hour=4.0)
    else:
        with pytest.raises(DeadlineImpossible, match="more than the deadline allows - give a later one"):
            measured_capacity(HALFWAY, PACE, terms, now=0.0, usd_per_unit_hour=4.0)
