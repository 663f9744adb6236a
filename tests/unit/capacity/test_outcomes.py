"""What a saturated model's measurement is: the interval, the estimate, and the clause that says why none holds."""

from __future__ import annotations

from lambdas.capacity import outcomes
from lambdas.capacity.confirmation import PacedCounts
from lambdas.capacity.looks import Look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.saturated import SaturatedModel
from lambdas.load.histogram import LatencyHistogram
from tests.unit.capacity.steps import saturated

TWENTY, TEN, THIRTY = Look((20,) * 10), Look((10,) * 10), Look((30,) * 10)
NO_LATENCIES = LatencyHistogram()


def model(*looks: Look, agree: bool = True) -> SaturatedModel:
    """A model with these looks, of which the first is its level."""
    found = saturated([20] * 11)
    found.looks, found.agreeing_looks, found.looks_agree = list(looks), [looks[0]], agree
    return found


def paced(rate: float, accepted: int, throttled: int, late_share: float = 0.0) -> PacedCounts:
    return PacedCounts(rate, (accepted,) * 10, throttled, 0, late_share, None, NO_LATENCIES)


def test_a_measurement_has_the_level_and_its_seconds() -> None:
    found = outcomes.settled_rate(model(TWENTY, THIRTY))

    assert (found.max_tps, found.saturated_counts, found.looks) == (TWENTY.rate, TWENTY.counts, 1)
    assert (found.concurrency, found.is_confirmed, found.clean_rate, found.late_share) == (16, False, None, 0)
    assert (found.is_windowed, found.unsettled_reason, found.worker_refusal) == (False, "", None)


def test_the_share_of_late_requests_is_that_of_the_confirmation_or_the_probe() -> None:
    late = model(TWENTY)
    late.confirmation, late.probe_late_share = paced(19.0, 19, 0, late_share=0.02), 0.01
    assert outcomes.settled_rate(late).late_share == 0.02

    late.probe_late_share = 0.03
    assert outcomes.settled_rate(late).late_share == 0.03


def test_an_interval_of_no_single_rate_covers_all_looks() -> None:
    agreed = outcomes.unsettled_rate(model(TWENTY, TEN, Look(()), THIRTY), "why")
    last = outcomes.unsettled_rate(model(TWENTY, THIRTY, TEN, agree=False), "why")

    for found in (agreed, last):
        assert found.max_tps is not None
        assert (found.max_tps.low, found.max_tps.high) == (TEN.rate.low, THIRTY.rate.high)
        assert (found.unsettled_reason, found.looks, found.is_confirmed) == ("why", 3, False)
    assert agreed.max_tps and agreed.max_tps.estimate == 20
    assert last.max_tps and last.max_tps.estimate == 10


def test_the_level_may_be_wider_than_all_looks() -> None:
    wide = model(TEN)
    wide.agreeing_looks = [TEN, THIRTY]

    assert outcomes.unsettled_rate(wide, "why").max_tps == Interval(20.0, TEN.rate.low, THIRTY.rate.high)


def test_a_model_that_carried_more_when_it_was_overloaded_less_has_no_upper_end() -> None:
    probed = model(TWENTY, TEN)
    probed.probe_looks = [Look((24,) * 6)]

    found = outcomes.rate_without_upper_bound(probed)

    assert found.max_tps == Interval(24.0, TEN.rate.low, None)
    assert found.unsettled_reason == "it carried 20 requests/s when it was overloaded, and more when they came evenly"


def test_a_model_that_throttles_below_its_maximum_has_its_lowest_rate_as_the_lower_end() -> None:
    throttling = model(TWENTY, Look(()))

    def low(*confirmations: PacedCounts) -> float:
        found = outcomes.rate_with_throttles_below(throttling, *confirmations)
        assert found.max_tps is not None
        return found.max_tps.low

    assert low() == TWENTY.rate.low
    assert low(paced(19.0, 15, 40)) == 15
    assert low(paced(19.0, 15, 40), paced(18.0, 0, 0)) == 15  # nothing was sent, so it shows nothing
    throttling.clean_rate = CleanRate(13.0, 130, 0, NO_LATENCIES)
    assert low(paced(19.0, 15, 40)) == 13


def test_beside_another_client_the_lower_end_is_what_it_leaves() -> None:
    """Of 60 attempts 20 are accepted, and of 19 attempts 12: the limit is 27.7 and the other client's part 23."""
    shared = model(Look((20,) * 10, attempts_tps=60.0))
    share = (1 / 12 - 1 / 20) / (1 / 19 - 1 / 60)
    left = (1 - share) / (1 / 20 - share / 60)

    found = outcomes.rate_with_throttles_below(
        shared, PacedCounts(19.0, (12,) * 100_000, 700_000, 0, 0.0, None, NO_LATENCIES)
    )

    assert found.max_tps is not None
    assert abs(found.max_tps.low - left) < 0.1 * left


def test_what_varies_is_told_with_its_numbers() -> None:
    assert (
        outcomes.levels_clause(model(TWENTY, Look(()), Look((31, 32, 31, 32)))) == "it carried 20, then 31.5 requests/s"
    )
    noisy = model(Look((10,) * 6 + (40,) * 6))
    assert outcomes.noise_clause(noisy) == "its accepted rate varies so much that the interval is as wide as ±104 %"
