"""What a benchmark's target allows."""

from __future__ import annotations

import pytest

from bench.targets import most_by_chance


@pytest.mark.parametrize(
    ("mean", "count"), [(0.0, 0), (0.05, 0), (0.06, 1), (0.355, 1), (0.36, 2), (1.36, 3), (1.37, 4)]
)
def test_a_count_is_by_chance_unless_fewer_than_one_of_twenty_cases_exceed_it(mean: float, count: int) -> None:
    """The bounds are those of tables of the Poisson distribution: e.g. 0.355 for 1 and 1.366 for 3 events."""
    assert most_by_chance(mean) == count
