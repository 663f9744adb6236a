"""The verdict on a measurement: one word, and one sentence with the evidence and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from iu_tuner.contract.output.result import MeasuredVerdict
from lambdas.capacity.confirmation import TOLERATED_LATE_SHARE
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.step_checks import LAMBDA_QUOTA_ADVICE
from lambdas.capacity.verdicts.account_quota import (
    AccountLimit,
    TpsQuota,
    account_limit,
    bounded_by_quota,
    limit_sentence,
    quota_remark,
)
from lambdas.load.client_load import ClientLoad
from lambdas.load.step import LATE_AFTER_S
from lambdas.models.facts import UNNAMED_SERVICE, ServiceNames
from lambdas.models.outcomes import ACCOUNT_LIMITS
from lambdas.models.recent_traffic import TrafficSeen

Limit = AccountLimit | Literal["lambda-concurrency"]

MAX_LATE_RATIO = 0.05  # share of paced requests sent late: with more, the client caused a failed confirmation


@dataclass(frozen=True)
class Verdict:
    """A verdict of the contract (`word`), its sentence (`detail`), and the limit outside the model, if any."""

    word: MeasuredVerdict
    detail: str
    limited_by: Limit | None = None


def judge(
    measurement: Measurement,
    *,
    quick: bool = False,
    auto_scales_to: int | None = None,
    failures: Mapping[str, int] | None = None,
    other_traffic: TrafficSeen | None = None,
    image_cautions: Sequence[str] = (),
    quota: TpsQuota | None = None,
    client: ClientLoad | None = None,
    observed_s: float | None = None,
    service: ServiceNames = UNNAMED_SERVICE,
) -> Verdict:
    """The verdict on a measurement.

    `quick` says that the search made no confirmation. `auto_scales_to` is the model's maximum number of inference
    units if it exceeds the minimum. `failures` counts failed requests by error name, throttles excluded.
    `other_traffic` holds requests of other clients just before the run. `image_cautions` are clauses about a result
    from few of the user's images. `quota` is the account's, or None if it is not known. `client` is the load of the
    load workers. `observed_s` are the seconds of the test, pauses included. `service` names the model's service.
    """
    measurement = bounded_by_quota(measurement, quota)
    word, client = _word(measurement, quick), client or ClientLoad()
    remarks = [*image_cautions]
    if observed_s is not None and word in ("ok", "throttles-below-max", "latency-bound", "windowed-quota"):
        remarks.append(f"the test took {observed_s:.0f} s, so it does not show slower effects")
    if client.sentence and word != "client-limited":
        remarks.append(client.sentence + (", so latencies are partly its own" if client.is_too_much else ""))
    other_errors = {name: n for name, n in (failures or {}).items() if name not in ACCOUNT_LIMITS}
    if other_errors:
        remarks.append("other errors than throttles: " + ", ".join(f"{n} x {name}" for name, n in other_errors.items()))
    if auto_scales_to is not None:
        remarks.append(
            f"the model auto-scales (up to {auto_scales_to} inference units), so TPS per unit may be too high"
        )
    if other_traffic and other_traffic.requests:
        remarks.append(f"{other_traffic.sentence(service)}, so the model may carry more than was left for this run")
    if remark := quota_remark(measurement, quota, service):
        remarks.append(remark)
    limit: Limit | None = None
    if word == "account-throttled":
        limit = account_limit(measurement, quota, failures or {})
        evidence = limit_sentence(limit, measurement, quota, failures or {}, service)
    else:
        limit = "lambda-concurrency" if word == "client-limited" and measurement.worker_refusal else None
        evidence = _evidence(word, measurement, client)
    return Verdict(word, "; ".join([evidence, *remarks]) + ".", limit)


def _word(measurement: Measurement, quick: bool) -> MeasuredVerdict:
    if measurement.ending != "saturated":
        return measurement.ending
    if measurement.is_windowed:
        return "windowed-quota"
    if measurement.unsettled_reason:
        return "unstable"
    if quick or measurement.is_confirmed:
        return "client-limited" if measurement.late_share > TOLERATED_LATE_SHARE else "ok"
    return "client-limited" if measurement.late_share > MAX_LATE_RATIO else "throttles-below-max"


def _evidence(word: MeasuredVerdict, measurement: Measurement, client: ClientLoad) -> str:
    """The first clause for every word but `account-throttled`, which `limit_sentence` covers."""
    at_load = f"at {measurement.concurrency} concurrent requests"
    rate = f"{measurement.max_tps.estimate:.2f} requests/s" if measurement.max_tps else "no rate"
    match word:
        case "ok":
            seconds = f"over {len(measurement.saturated_counts)} s of throttling"
            if not measurement.clean_rate:
                unproved = "seen once, and not confirmed at a clean rate (quick mode)"
                return f"Saturated {at_load}: {rate} were accepted {seconds}, {unproved}; plan with this rate"
            looks = f"in {measurement.looks} looks that agree"
            evidence = f"{rate} were accepted {seconds}, {looks}{_clean_rate_clause(measurement)}"
            return f"Saturated {at_load}: {evidence}; plan with this rate"
        case "throttles-below-max":
            return (
                f"Saturated {at_load} with {rate}, but requests are throttled below that"
                f"{_clean_rate_clause(measurement)}; {_plan_advice(measurement)}, and check whether other clients"
                " use this model"
            )
        case "latency-bound":
            return (
                f"Nothing was throttled, but {at_load} more concurrency bought latency instead of throughput: "
                f"{rate} were answered{_clean_rate_clause(measurement)}; "
                f"cap the concurrency of your clients at {measurement.concurrency}"
            )
        case "not-saturated":
            return (
                f"The model was not saturated {at_load}, which it carried for half a minute: {rate} are a lower bound, "
                "and burst credit may be part of it; raise test.maxConcurrency to find the maximum"
            )
        case "windowed-quota":
            return _windowed_sentence(measurement, rate) + _clean_rate_clause(measurement)
        case "client-limited" if refusal := measurement.worker_refusal:
            return (
                f"Lambda ran {refusal.given_workers} of {refusal.planned_workers} load workers: {LAMBDA_QUOTA_ADVICE};"
                f" {rate} were accepted {at_load}, a lower bound"
            )
        case "client-limited" if measurement.ending == "saturated":
            return (
                f"The load workers sent {100 * measurement.late_share:.1f} % of the evenly paced requests more than"
                f" {1000 * LATE_AFTER_S:.0f} ms late, so no even rate confirms the {rate} that were accepted"
                f" {at_load}, and"
                f" they are a lower bound; {client.advice}"
            )
        case "client-limited":
            return f"The load workers {_strain_clause(client)} {at_load}, so {rate} are a lower bound; {client.advice}"
        case "unstable" if measurement.ending == "unstable":
            return f"More than a tenth of the requests failed {at_load}; look at the errors, and run again"
        case "unstable":
            return (
                f"No single rate holds for this model {at_load}: {measurement.unsettled_reason}; "
                "run again, in precise mode, when nothing else uses the model"
            )
    raise AssertionError(f"no sentence for {word}")


def _strain_clause(client: ClientLoad) -> str:
    strained = "came near what they can do" if client.is_too_much else "could not keep their lanes busy"
    return f"{strained} ({client.sentence})" if client.sentence else strained


def _clean_rate_clause(measurement: Measurement) -> str:
    if measurement.clean_rate is None:
        return ", and no evenly paced rate passed"
    return (
        f", and {measurement.clean_rate.tps:.2f} evenly paced requests/s passed"
        f" ({measurement.clean_rate.throttled} of {measurement.clean_rate.sent} throttled)"
    )


def _plan_advice(measurement: Measurement) -> str:
    if measurement.clean_rate is None:
        return "there is no clean rate to plan with: run again when the model has no other load"
    return "plan with the clean rate"


def _windowed_sentence(measurement: Measurement, rate: str) -> str:
    if measurement.max_tps is None:
        return (
            "The model refills its quota in windows longer than the test, so no rate was measured; "
            "ask AWS support about the quota, or run at a steady low rate"
        )
    return (
        f"The model refills its quota in windows of several seconds: {rate} from refill to refill; "
        "clients should pace their requests"
    )
