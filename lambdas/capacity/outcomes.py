"""The measurements of a saturated model: a rate that holds, one with throttles below it, or none that holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import Paced
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.saturated import SaturatedModel

PAUSED = "it paused for a second or more"


def measured(model: SaturatedModel, *, confirmed: bool = False) -> Measurement:
    """The measurement with the rate that the looks agree on."""
    return Measurement(
        "saturated",
        model.concurrency,
        estimator.widen_by_lost_requests(model.max_tps, model.unanswered_tps),
        clean=model.clean,
        confirmed=confirmed,
        late_share=max(model.paced.late_share if model.paced else 0.0, model.probe_late_share),
        saturated=tuple(chain(*(each.counts for each in model.level))),
        looks=len(model.level),
    )


def unsettled(model: SaturatedModel, why: str) -> Measurement:
    """The measurement if no single rate holds. Its interval covers all looks and probes; `why` is a clause."""
    found, seen = measured(model), [each for each in model.looks if each.seconds]
    assert found.max_tps is not None
    spanned = agreement.spanning([*model.probed, *seen])
    estimate = found.max_tps.estimate if model.looks_agree else spanned.estimate
    low, high = min(found.max_tps.low, spanned.low), max(found.max_tps.top, spanned.top)
    return replace(found, max_tps=Interval(estimate, low, high), unsettled=why, looks=len(seen))


def carried_more(model: SaturatedModel) -> Measurement:
    """The measurement if the model accepts more when it is overloaded less. Its maximum has no known upper bound."""
    seen = model.max_tps.estimate
    why = f"it carried {seen:.3g} requests/s when it was overloaded, and more when they came evenly"
    found = unsettled(model, why)
    assert found.max_tps is not None
    highest = max([found.max_tps.estimate, *(each.rate.estimate for each in model.probed)])
    return replace(found, max_tps=Interval(highest, found.max_tps.low, None))


def throttles_below(model: SaturatedModel, *confirmations: Paced) -> Measurement:
    """The measurement if requests are throttled below the estimate. The lower end is a rate without throttles."""
    found = measured(model)
    assert found.max_tps is not None
    tried = [each for each in confirmations if each.sent]
    lows = [found.max_tps.low, *(each.accepted_tps for each in tried)]
    if model.clean:
        lows.append(model.clean.tps)
    saturated = next(each for each in reversed(model.looks) if each.seconds)
    shares = [agreement.fair_share(saturated, each) for each in tried]
    low = min([*lows, *(share for share in shares if share is not None)])
    return replace(found, max_tps=replace(found.max_tps, low=low))


def levels(model: SaturatedModel) -> str:
    """The rates of the looks in their order, as a clause."""
    rates = [f"{each.rate.estimate:.3g}" for each in model.looks if each.seconds]
    return f"it carried {', then '.join(rates)} requests/s"


def noise(model: SaturatedModel) -> str:
    """The uncertainty that the noise causes, as a clause."""
    share = agreement.noise_half(model.level) / model.max_tps.estimate
    return f"its accepted rate varies so much that the interval is as wide as ±{100 * share:.0f} %"
