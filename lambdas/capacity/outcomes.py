"""The measurements of a saturated model: a rate that holds, one with throttles below it, or none that holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import PacedCounts
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.saturated import SaturatedModel

PAUSE_CLAUSE = "it paused for a second or more"


def settled_rate(model: SaturatedModel, *, is_confirmed: bool = False) -> Measurement:
    """The measurement with the rate that the looks agree on."""
    return Measurement(
        "saturated",
        model.concurrency,
        estimator.widen_by_lost_requests(model.max_tps, model.unanswered_tps),
        clean_rate=model.clean_rate,
        is_confirmed=is_confirmed,
        late_share=max(model.confirmation.late_share if model.confirmation else 0.0, model.probe_late_share),
        saturated_counts=tuple(chain(*(each.counts for each in model.agreeing_looks))),
        looks=len(model.agreeing_looks),
    )


def unsettled_rate(model: SaturatedModel, reason: str) -> Measurement:
    """The measurement if no single rate holds. Its interval covers all looks and probes; `reason` is a clause."""
    measurement = settled_rate(model)
    saturated_looks = [each for each in model.looks if each.seconds]
    assert measurement.max_tps is not None
    spanning_interval = agreement.spanning_interval([*model.probe_looks, *saturated_looks])
    estimate = measurement.max_tps.estimate if model.looks_agree else spanning_interval.estimate
    low = min(measurement.max_tps.low, spanning_interval.low)
    high = max(measurement.max_tps.upper_end, spanning_interval.upper_end)
    return replace(
        measurement, max_tps=Interval(estimate, low, high), unsettled_reason=reason, looks=len(saturated_looks)
    )


def rate_without_upper_bound(model: SaturatedModel) -> Measurement:
    """The measurement if the model accepts more when it is overloaded less. Its maximum has no known upper bound."""
    accepted_tps = model.max_tps.estimate
    reason = f"it carried {accepted_tps:.3g} requests/s when it was overloaded, and more when they came evenly"
    measurement = unsettled_rate(model, reason)
    assert measurement.max_tps is not None
    highest = max([measurement.max_tps.estimate, *(each.rate.estimate for each in model.probe_looks)])
    return replace(measurement, max_tps=Interval(highest, measurement.max_tps.low, None))


def rate_with_throttles_below(model: SaturatedModel, *confirmations: PacedCounts) -> Measurement:
    """The measurement if requests are throttled below the estimate. The lower end is a rate without throttles."""
    measurement = settled_rate(model)
    assert measurement.max_tps is not None
    sent_confirmations = [each for each in confirmations if each.sent]
    lower_ends = [measurement.max_tps.low, *(each.accepted_tps for each in sent_confirmations)]
    if model.clean_rate:
        lower_ends.append(model.clean_rate.tps)
    saturated = next(each for each in reversed(model.looks) if each.seconds)
    shares = [agreement.fair_share(saturated, each) for each in sent_confirmations]
    low = min([*lower_ends, *(share for share in shares if share is not None)])
    return replace(measurement, max_tps=replace(measurement.max_tps, low=low))


def levels_clause(model: SaturatedModel) -> str:
    """The rates of the looks in their order, as a clause."""
    rates = [f"{each.rate.estimate:.3g}" for each in model.looks if each.seconds]
    return f"it carried {', then '.join(rates)} requests/s"


def noise_clause(model: SaturatedModel) -> str:
    """The uncertainty that the noise causes, as a clause."""
    share = agreement.noise_half_width(model.agreeing_looks) / model.max_tps.estimate
    return f"its accepted rate varies so much that the interval is as wide as ±{100 * share:.0f} %"
