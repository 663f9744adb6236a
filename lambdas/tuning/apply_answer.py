"""Applies the answer: decides the inference units that the model is left running with, and says so in the output."""

from __future__ import annotations

from dataclasses import replace

from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.recommendation import RecommendationOutput
from iu_tuner.contract.output.result import ModelOutput
from iu_tuner.formats import rounded
from lambdas.models.lease import Lease
from lambdas.models.tariff import UnitsQuota


def with_target_units(lease: Lease, recommendation: RecommendationOutput, quota: UnitsQuota) -> Lease:
    """The lease with the recommended inference units to apply, or with the reason why none are applied."""
    if recommendation.units is None:
        reason = "; ".join(recommendation.reasons[:1]) or "there is no demand to find it for"
        return replace(lease, not_applied=f"no number of inference units is recommended ({reason})")
    min_units, max_units = recommendation.units
    if max_units > quota.units:
        return replace(
            lease,
            not_applied=f"the recommended maximum of {max_units} inference units is above the {quota.units} that one "
            f"model may start with ({quota.source}) - raise that quota in Service Quotas, then run again",
        )
    return replace(lease, owes="apply", min_units_decided=min_units, max_units_decided=max_units)


def applied_output(receipt: Receipt, usd_per_unit_hour: float) -> tuple[bool, str]:
    """`applied` and `appliedDetail` of the output."""
    if not receipt.applied:
        reason = receipt.not_applied or "the run was ended before the model could be restarted"
        return False, f"The answer was not applied: {reason}; the model was left {receipt.status_after}."
    min_units, max_units = receipt.min_inference_units or 1, receipt.max_inference_units
    scale_text = f" to {max_units}" if max_units and max_units > min_units else ""
    price = f"${min_units * usd_per_unit_hour:.2f}"
    price_text = f", up to ${max_units * usd_per_unit_hour:.2f} when it scales" if max_units and scale_text else ""
    return True, (
        f"The model runs with {min_units}{scale_text} inference units, as was read back, and costs {price} "
        f"per hour from now on{price_text}, until somebody stops it."
    )


def with_running_cost(model: ModelOutput, receipt: Receipt, usd_per_unit_hour: float) -> ModelOutput:
    """The receipt with the inference units of a model that was left running, and its price in USD per hour."""
    min_units, max_units = receipt.min_inference_units, receipt.max_inference_units
    if receipt.status_after != "RUNNING" or min_units is None:
        return model
    return replace(
        model,
        min_inference_units=min_units,
        max_inference_units=max_units,
        usd_per_hour=rounded(min_units * usd_per_unit_hour, 2),
        usd_per_hour_at_most=rounded((max_units or min_units) * usd_per_unit_hour, 2),
    )
