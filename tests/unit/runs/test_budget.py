"""Money: what a run costs, and when it has cost enough."""

from __future__ import annotations

import pytest

from iu_tuner.contract.errors import BudgetExceeded
from lambdas.models.tariff import Tariff
from lambdas.runs.budget import Budget, Remaining


def test_inference_units_are_paid_by_the_hour() -> None:
    tariff = Tariff(inference_units=3, usd_per_unit_hour=4.0)

    assert tariff.unit_hours(1800) == 1.5
    assert tariff.usd(1800) == 6.0


@pytest.mark.parametrize(
    ("elapsed_s", "spent_usd", "remaining"),
    [
        (300.0, 1.0, Remaining(300.0, "limits.maxMinutes = 10")),
        (300.0, 3.9, Remaining(45.0, "limits.maxCostUsd = 4")),
        (660.0, 1.0, Remaining(-60.0, "limits.maxMinutes = 10")),
    ],
)
def test_the_limit_that_is_reached_first_says_what_is_left(
    elapsed_s: float, spent_usd: float, remaining: Remaining
) -> None:
    found = Budget(10, 4).remaining(elapsed_s, spent_usd, Tariff(2, 4.0))

    assert (found.limit, found.seconds) == (remaining.limit, pytest.approx(remaining.seconds))


@pytest.mark.parametrize(
    ("elapsed_s", "spent_usd", "said"),
    [
        (601, 0, "10.02 minutes, more than limits.maxMinutes = 10"),
        (1, 4.001, r"cost \$4.00 in this run, more than limits.max"),
    ],
)
def test_a_limit_passed_ends_the_run(elapsed_s: float, spent_usd: float, said: str) -> None:
    with pytest.raises(BudgetExceeded, match=said):
        Budget(10, 4).check(elapsed_s, spent_usd)


def test_at_its_limits_a_run_goes_on() -> None:
    Budget(10, 4).check(600, 4.0)
