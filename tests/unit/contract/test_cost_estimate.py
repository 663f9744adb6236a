"""A run knows its cost before it starts, and does not start if that is more than its limits."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.contract.cost_estimate import expected_usd
from iu_tuner.contract.errors import BudgetExceeded
from iu_tuner.contract.execution_input import ExecutionInput, parse_input
from simulation.samples.run import INPUT


def wanted(max_minutes: float = 90, max_usd: float = 10, **sections: Any) -> ExecutionInput:
    limits = {"maxMinutes": max_minutes, "maxCostUsd": max_usd}
    return parse_input({"modelArn": INPUT["modelArn"], "limits": limits, **sections})


COMPARE = {"compare": True}


@pytest.mark.parametrize(("mode", "usd"), [("quick", 0.2), ("standard", 1 / 3), ("precise", 0.5333)])
def test_a_run_knows_its_cost_before_it_starts(mode: str, usd: float) -> None:
    assert expected_usd(wanted(test={"mode": mode}), 1, 4.0) == pytest.approx(usd, abs=1e-3)


def test_a_second_measurement_is_part_of_the_cost() -> None:
    assert expected_usd(wanted(max_usd=1), 1, 4.0, second_units=2) == pytest.approx(1)
    with pytest.raises(BudgetExceeded, match=r"at 1 x \$4/h, and again at 2, costs about \$1.00, more than"):
        expected_usd(wanted(max_usd=0.9), 1, 4.0, second_units=2)


def test_a_run_dearer_than_its_limit_does_not_start() -> None:
    with pytest.raises(BudgetExceeded, match=r"costs about \$0.33, more than limits.maxCostUsd = 0.3 - raise"):
        expected_usd(wanted(max_usd=0.3), 1, 4.0)


def test_a_comparison_of_images_counts_into_the_estimate() -> None:
    plain, compared = (expected_usd(wanted(images={"compare": compare}), 1, 4.0) for compare in (False, True))

    assert compared - plain == pytest.approx(4.0 * 2.5 / 60)
    with pytest.raises(BudgetExceeded, match="a standard run with images.compare takes 1.5 minutes"):
        expected_usd(wanted(max_minutes=1.2, images=COMPARE), 1, 4.0)
    with pytest.raises(BudgetExceeded, match="a standard run with images.compare at 1 x"):
        expected_usd(wanted(max_usd=0.4, images=COMPARE), 1, 4.0)
