"""Which steps follow each other once a model is saturated, and with which rates: by what each of them shows."""

from __future__ import annotations

import pytest

from iu_tuner.contract.choices import Mode
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.search import measure
from lambdas.capacity.step_plans import SearchLimits
from tests.unit.capacity.steps import Played, Reply, in_parts

SATURATED, PASSES = (20, 20), (19, 0)  # 20 requests/s, of which 95 % pass without a throttle


def searched(*replies: Reply, mode: Mode = "standard") -> Played:
    """A search whose first step saturates the model."""
    return Played.of(measure(SearchLimits(mode, start_concurrency=16)), SATURATED, *replies)


def steps(played: Played) -> list[tuple[str, float]]:
    """Phase and paced rate of each step after the first one."""
    return [(plan.phase, round(plan.paced_tps, 3)) for plan in played.plans[1:]]


def found(played: Played) -> Measurement:
    assert isinstance(played.result, Measurement)
    return played.result


def estimate(played: Played) -> float:
    rate = found(played).max_tps
    assert rate is not None
    return rate.estimate


def test_a_rate_that_passes_and_a_second_look_that_agrees_end_the_search() -> None:
    played = searched(PASSES, SATURATED)

    assert steps(played) == [("confirm", 19.0), ("look", 0)]
    assert (estimate(played), found(played).is_confirmed, found(played).looks) == (20, True, 2)


@pytest.mark.parametrize(
    ("level", "again"),
    [
        pytest.param(22, [], id="19 is 86 percent of it"),
        pytest.param(23, [("confirm", 21.85)], id="19 is 83 percent of it"),
        pytest.param(18, [("confirm", 17.1)], id="19 is more than it"),
    ],
)
def test_a_new_level_is_confirmed_unless_a_rate_just_below_it_passed(
    level: int, again: list[tuple[str, float]]
) -> None:
    played = searched(PASSES, (level, 20), (level, 20), (level - 2, 0))

    assert steps(played) == [("confirm", 19.0), ("look", 0), ("look", 0), *again]
    assert (estimate(played), found(played).is_confirmed) == (level, True)


def test_a_rate_that_passed_is_sent_again_once_the_level_is_more_than_seven_percent_below_it() -> None:
    """If the model has got slower, the rate is throttled now."""
    played = searched(PASSES, (17, 20), (17, 20), (17, 2), (16, 0))

    assert steps(played) == [("confirm", 19.0), ("look", 0), ("look", 0), ("confirm", 19.0), ("confirm", 16.15)]
    assert (estimate(played), found(played).is_confirmed) == (17, True)


def test_a_rate_that_passes_again_shows_that_overload_lowers_the_level() -> None:
    played = searched(PASSES, (17, 20), (17, 20), PASSES)

    assert steps(played)[3:] == [("confirm", 19.0)]
    assert not found(played).is_confirmed
    assert (rate := found(played).max_tps) is not None and rate.high is None
    assert (
        found(played).unsettled_reason
        == "it carried 17 requests/s when it was overloaded, and more when they came evenly"
    )


def test_looks_that_never_agree_are_told() -> None:
    played = searched(PASSES, (30, 20), (40, 20), (50, 30))

    assert [phase for phase, _ in steps(played)] == ["confirm", "look", "look", "look"]
    assert found(played).unsettled_reason == "it carried 20, then 30, then 40, then 50 requests/s"
    assert not found(played).is_confirmed


@pytest.mark.parametrize(
    ("accepted", "throttled", "factor"), [(198, 2, 0.9), (180, 20, 0.8), (160, 40, 0.6), (50, 150, 0.6)]
)
def test_a_lower_rate_follows_by_twice_the_share_that_was_throttled(
    accepted: int, throttled: int, factor: float
) -> None:
    played = Played.of(measure(SearchLimits(start_concurrency=16)), (200, 200), (accepted, throttled), (200, 200))

    first, second = (plan.paced_tps for plan in played.plans[1:3])
    assert second == pytest.approx(factor * first)


def test_a_model_that_throttles_below_its_maximum_has_a_lower_clean_rate() -> None:
    """The drain before the lower rate is a look at 20 requests/s, and the rate passes."""
    played = searched((18, 2), in_parts((20, 20), (15, 0)))

    assert steps(played) == [("confirm", 19.0), ("confirm", 15.2)]
    assert (found(played).is_confirmed, estimate(played), found(played).looks) == (False, 20, 2)
    clean = found(played).clean_rate
    assert clean is not None
    assert (clean.tps, clean.throttled) == (pytest.approx(15.2), 0)


def test_without_a_clean_rate_one_more_is_tried_below_what_was_accepted() -> None:
    """Of 15.2 requests/s one is throttled, too: the interval begins at what is left beside another client."""
    fails = in_parts((20, 20), (14, 1))

    played = searched((18, 2), fails, (5, 0))

    rate, clean = found(played).max_tps, found(played).clean_rate
    assert [phase for phase, _ in steps(played)] == ["confirm"] * 3
    assert rate is not None and clean is not None
    assert rate.low == clean.tps == played.plans[-1].paced_tps < 14
    assert not found(played).is_confirmed


@pytest.mark.parametrize(
    ("level", "again"),
    [
        pytest.param(17, [], id="19 was more than it, and 15.2 is just below it"),
        pytest.param(15, [("confirm", 14.25)], id="19 and 15.2 were more than it"),
        pytest.param(22, None, id="19 was just below it"),
        pytest.param(25, [("confirm", 23.75)], id="it rose"),
    ],
)
def test_a_rate_that_failed_for_another_level_is_tried_anew(level: int, again: list[tuple[str, float]] | None) -> None:
    """The drain shows another level than the first look, and so does the look after it."""
    drained = in_parts((level, 20), (15, 0))

    played = searched((18, 2), drained, (level, 20), (level - 2, 0))

    assert steps(played)[:3] == [("confirm", 19.0), ("confirm", 15.2), ("look", 0)]
    assert steps(played)[3:] == (again or [])
    assert estimate(played) == level
    assert found(played).is_confirmed is (again is not None)


def test_levels_that_keep_changing_after_a_failed_confirmation_are_told() -> None:
    played = searched((18, 2), in_parts((25, 20), (15, 0)), (30, 20), (40, 20))

    assert found(played).unsettled_reason == "it carried 20, then 25, then 30, then 40 requests/s"


def test_a_confirmation_without_requests_is_the_end() -> None:
    played = searched(in_parts((20, 20), (0, 0)))

    assert steps(played) == [("confirm", 19.0)]
    assert (found(played).clean_rate, found(played).is_confirmed) == (None, False)


@pytest.mark.parametrize(("rate", "lengths"), [(20, []), (5, [20.0])])
def test_precise_mode_looks_on_until_the_interval_is_within_two_percent(rate: int, lengths: list[float]) -> None:
    """The looks of 5 requests/s have 11 and 7 s: 1.5 counts each are 0.12 of 5."""
    level, passes = (rate, rate), (rate - 1, 0)

    played = Played.of(
        measure(SearchLimits("precise", start_concurrency=16)), level, passes, level, *[level] * len(lengths)
    )

    assert [plan.base_s for plan in played.plans if plan.phase == "precise"] == lengths
    assert found(played).is_confirmed
