"""Applying the answer: which inference units the model is left running with, whether it may, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from iu_tuner.formats import rounded
from lambdas.models.lease import Lease
from lambdas.models.tariff import UnitsQuota
from lambdas.runs.receipt import Receipt


def decided(lease: Lease, recommendation: Mapping[str, Any], quota: UnitsQuota) -> Lease:
    """The lease of a run that has its answer: it owes the units recommended, or a stop and the reason for it."""
    least, most = recommendation["minInferenceUnits"], recommendation["maxInferenceUnits"]
    if least is None or most is None:
        why = "; ".join(recommendation["reasons"][:1]) or "there is no demand to find it for"
        return replace(lease, not_applied=f"no number of inference units is recommended ({why})")
    if most > quota.units:
        return replace(
            lease,
            not_applied=f"the recommended maximum of {most} inference units is above the {quota.units} that one model "
            f"may start with ({quota.source}) - raise that quota in Service Quotas, then run again",
        )
    return replace(lease, owes="apply", min_units_decided=least, max_units_decided=most)


def told(receipt: Receipt, usd_per_unit_hour: float) -> dict[str, Any]:
    """`applied` and `appliedDetail` of the output."""
    if not receipt.applied:
        why = receipt.not_applied or "the run was ended before the model could be restarted"
        return {
            "applied": False,
            "appliedDetail": f"The answer was not applied: {why}; the model was left {receipt.status_after}.",
        }
    least, most = receipt.min_inference_units or 1, receipt.max_inference_units
    scales = f" to {most}" if most and most > least else ""
    price = f"${least * usd_per_unit_hour:.2f}"
    more = f", up to ${most * usd_per_unit_hour:.2f} when it scales" if most and scales else ""
    return {
        "applied": True,
        "appliedDetail": f"The model runs with {least}{scales} inference units, as was read back, and costs {price} "
        f"per hour from now on{more}, until somebody stops it.",
    }


def left_running(receipt: Receipt, usd_per_unit_hour: float) -> dict[str, Any]:
    """What a model that was left running has, and costs from now on; nothing for one that was stopped."""
    least = receipt.min_inference_units
    if receipt.status_after != "RUNNING" or least is None:
        return {}
    most = receipt.max_inference_units
    return {
        "minInferenceUnits": least,
        "maxInferenceUnits": most,
        "usdPerHour": rounded(least * usd_per_unit_hour, 2),
        "usdPerHourAtMost": rounded((most or least) * usd_per_unit_hour, 2),
    }
