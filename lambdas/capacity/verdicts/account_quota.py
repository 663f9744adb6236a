"""The account's quota of inference requests, which can look like the model's own limit.

A service refuses requests beyond either limit with the same error, so only the rate distinguishes them. All running
models of an account and Region share the quota.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.models.facts import ServiceNames
from lambdas.models.outcomes import ACCOUNT_LIMITS, RAMP_LIMIT

ACCOUNT_QUOTA_TPS = 50.0  # default quota of inference requests per account and Region (AWS General Reference)
MIN_QUOTA_SHARE = 0.95  # of the quota: a throttled rate of this or more may be limited by the quota
RAISED_QUOTA_FACTOR = 1.05  # of the default quota: a higher rate shows that the account's quota was raised

AccountLimit = Literal["account-quota", "account-limit", "sudden-increase"]


@dataclass(frozen=True)
class TpsQuota:
    """The requests per second that the account may send, and the source of the number.

    `is_applied` says that it is the account's own value. Otherwise it is a default, which may have been raised.
    """

    tps: float = ACCOUNT_QUOTA_TPS
    source: str = "the documented default"
    is_applied: bool = False

    def phrase(self, service: ServiceNames) -> str:
        """The quota as a noun phrase, with its value and source."""
        assumed = "" if self.is_applied else "assumed: "
        return f"the account's quota of {service.operation} ({self.tps:g} TPS; {assumed}{self.source})"

    def is_surpassed(self, rate: Interval | None) -> bool:
        """Whether the rate shows that the account's quota is higher than the default."""
        return not self.is_applied and rate is not None and rate.low > RAISED_QUOTA_FACTOR * self.tps

    def may_limit(self, rate: Interval | None) -> bool:
        """Whether the quota, not the model, may have limited the rate."""
        return rate is not None and rate.estimate >= MIN_QUOTA_SHARE * self.tps and not self.is_surpassed(rate)


def bounded_by_quota(measurement: Measurement, quota: TpsQuota | None) -> Measurement:
    """The measurement as a lower bound if the quota may have limited it, else unchanged.

    Without throttles (the model queues, or was not saturated) the quota did not limit it.
    """
    if quota is None or measurement.ending != "saturated" or not quota.may_limit(measurement.max_tps):
        return measurement
    assert measurement.max_tps is not None
    return replace(measurement, ending="account-throttled", max_tps=replace(measurement.max_tps, high=None))


def quota_warning(units: int, tps_per_unit: float | None, quota: TpsQuota | None, service: ServiceNames) -> str | None:
    """The warning before a start if the rate known from earlier runs exceeds the quota. Returns None if it fits."""
    if quota is None or not tps_per_unit or units * tps_per_unit < MIN_QUOTA_SHARE * quota.tps:
        return None
    fitting_units = int(MIN_QUOTA_SHARE * quota.tps / tps_per_unit - 1e-9)
    alternative = f", or test with {fitting_units} or fewer" if fitting_units else ""
    return (
        f"{units} x {tps_per_unit:.2f} TPS, which an earlier run measured per inference unit, do not fit behind"
        f" {quota.phrase(service)}, so this run may measure the quota: raise it in Service Quotas before you"
        f" test{alternative}"
    )


def account_limit(measurement: Measurement, quota: TpsQuota | None, failures: Mapping[str, int]) -> AccountLimit:
    """The limit behind an `account-throttled` measurement; `failures` counts its failed requests by error name."""
    other_errors = sum(failures.get(name, 0) for name in ACCOUNT_LIMITS if name != RAMP_LIMIT)
    if failures.get(RAMP_LIMIT, 0) > other_errors:
        return "sudden-increase"
    return "account-quota" if quota is not None and quota.may_limit(measurement.max_tps) else "account-limit"


def limit_sentence(
    limit: AccountLimit,
    measurement: Measurement,
    quota: TpsQuota | None,
    failures: Mapping[str, int],
    service: ServiceNames,
) -> str:
    """The sentence about a limit of the account: its effect on the measurement, and what to do."""
    at_load = f"at {measurement.concurrency} concurrent requests"
    rate = f"{measurement.max_tps.estimate:.2f} requests/s" if measurement.max_tps else "no rate"
    if limit == "sudden-increase":
        return (
            f"{service.name} refused a sudden increase in the rate of requests {at_load} (ThrottlingException), which"
            f" is not the model's limit: {rate} are a lower bound; run again in a few minutes, and with a"
            f" test.maxConcurrency below {measurement.concurrency} if it comes back"
        )
    if limit == "account-quota" and quota is not None:
        quota_phrase = quota.phrase(service)
        return (
            f"{quota_phrase[0].upper()}{quota_phrase[1:]} may be what refused requests {at_load},"
            f" as {service.name} refuses them alike: {rate} are as much as it lets through, a lower bound for the"
            " model; raise the quota in Service"
            " Quotas, stop other running models of this account, which use it too, and run again"
        )
    other_errors = [name for name in ACCOUNT_LIMITS if failures.get(name)]
    error_names = f" ({', '.join(other_errors)})" if other_errors else ""
    quota_clause = f", which is {quota.tps:g} TPS" if quota else ""
    return (
        f"A limit of the account, not of the model, refused requests {at_load}{error_names}: {rate} are all that"
        f" the account lets through, a lower bound for the model; raise the account's {service.operation}"
        f" quota{quota_clause}, in Service Quotas, or run when nothing else, like another running model, uses"
        f" {service.name}"
    )


def quota_remark(measurement: Measurement, quota: TpsQuota | None, service: ServiceNames) -> str | None:
    """The clause about the quota in a verdict that the quota did not decide. Returns None if there is none."""
    if quota is None or measurement.ending == "account-throttled":
        return None
    if quota.is_surpassed(measurement.max_tps):
        return (
            f"this is more than the {quota.tps:g} TPS that an account may send by default, so the quota of this one"
            " was raised, to a value that could not be read: check in Service Quotas that it is higher than this rate"
        )
    if quota.may_limit(measurement.max_tps):
        return f"more inference units carry no more than this behind {quota.phrase(service)}"
    return None
