"""What a measurement allows to be claimed: one word, and one sentence with the evidence and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lambdas.capacity.measurement import Measurement
from lambdas.capacity.step import ACCOUNT_LIMITS
from lambdas.capacity.traffic import TrafficSeen

Word = Literal[
    "ok", "throttles-below-max", "latency-bound", "not-saturated", "windowed-quota", "account-throttled",
    "client-limited", "unstable",
]  # fmt: skip

LATE_SHARE = 0.05  # of paced requests sent late: more, and a failed confirmation is the client's own doing
ACCOUNT_QUOTA_TPS = 50.0  # default quota of DetectCustomLabels per account and Region (AWS General Reference)


@dataclass(frozen=True)
class Verdict:
    """`word` is one of the contract's verdicts, `detail` its sentence."""

    word: Word
    detail: str


def judge(
    found: Measurement,
    *,
    quick: bool = False,
    auto_scales_to: int | None = None,
    failures: Mapping[str, int] | None = None,
    other_traffic: TrafficSeen | None = None,
    observed_s: float | None = None,
) -> Verdict:
    """The verdict on a measurement.

    `quick` says that no confirmation was wanted; `auto_scales_to` is the model's maximum number of
    inference units if it was running with one above its minimum; `failures` are the requests that
    failed by other errors than throttles, by name; `other_traffic` is what others sent just before;
    `observed_s` is for how long the model was looked at, pauses included.
    """
    word = _word(found, quick)
    flags = []
    if observed_s is not None and word in ("ok", "throttles-below-max", "latency-bound", "windowed-quota"):
        flags.append(f"seen over {observed_s:.0f} s, and what takes longer to show is not in it")
    others = {name: n for name, n in (failures or {}).items() if name not in ACCOUNT_LIMITS}
    if others:
        flags.append(
            "other errors than throttles: " + ", ".join(f"{n} x {name}" for name, n in others.items())
        )
    if auto_scales_to is not None:
        flags.append(
            f"the model auto-scales (up to {auto_scales_to} inference units), so TPS per unit may be too high"
        )
    if other_traffic and other_traffic.requests:
        flags.append(f"{other_traffic.told}, so the model may carry more than was left for this run")
    if found.max_tps and abs(found.max_tps.estimate / ACCOUNT_QUOTA_TPS - 1) < 0.05:
        flags.append(
            "this is also the default quota of an account (50 TPS), so the model itself may carry more"
        )
    return Verdict(word, "; ".join([_evidence(word, found), *flags]) + ".")


def _word(found: Measurement, quick: bool) -> Word:
    if found.ending != "saturated":
        return found.ending
    if found.windowed:
        return "windowed-quota"
    if found.unsettled:
        return "unstable"
    if quick or found.confirmed:
        return "ok"
    return "client-limited" if found.late_share > LATE_SHARE else "throttles-below-max"


def _evidence(word: Word, found: Measurement) -> str:
    at = f"at {found.concurrency} concurrent requests"
    rate = f"{found.max_tps.estimate:.2f} requests/s" if found.max_tps else "no rate"
    match word:
        case "ok":
            seconds = f"over {len(found.saturated)} s of throttling"
            if not found.clean:
                unproved = "seen once, and not confirmed at a clean rate (quick mode)"
                return f"Saturated {at}: {rate} were accepted {seconds}, {unproved}; plan with this rate"
            looks = f"in {found.looks} looks that agree"
            return (
                f"Saturated {at}: {rate} were accepted {seconds}, {looks}{_clean(found)}; plan with this rate"
            )
        case "throttles-below-max":
            return (
                f"Saturated {at} with {rate}, but requests are throttled below that{_clean(found)}; "
                "plan with the clean rate, and check whether other clients use this model"
            )
        case "latency-bound":
            return (
                f"Nothing was throttled, but {at} more concurrency bought latency instead of throughput: "
                f"{rate} were answered{_clean(found)}; cap the concurrency of your clients there"
            )
        case "not-saturated":
            return (
                f"The model was not saturated {at}, which it carried for half a minute: {rate} are a lower bound, "
                "burst credit may be part of it; raise test.maxConcurrency to find the maximum"
            )
        case "windowed-quota":
            return _windowed(found, rate) + _clean(found)
        case "account-throttled":
            return (
                f"A limit of the account, not of the model, refused requests {at} (ThrottlingException): {rate} are "
                "all that the account lets through, a lower bound for the model; raise the account's "
                "DetectCustomLabels quota in Service Quotas, or run when nothing else uses Rekognition"
            )
        case "client-limited":
            return (
                f"The load workers could not keep their lanes busy {at}, so {rate} are a lower bound; "
                "lower test.inFlightPerWorker and run again"
            )
        case "unstable" if found.ending == "unstable":
            return f"More than a tenth of the requests failed {at}; look at the errors, and run again"
        case "unstable":
            return (
                f"No one rate can be told of this model {at}: {found.unsettled}; "
                "run again, in precise mode, when nothing else uses the model"
            )


def _clean(found: Measurement) -> str:
    if found.clean is None:
        return ", and no evenly paced rate was seen to pass"
    return (
        f", and {found.clean.tps:.2f} evenly paced requests/s passed"
        f" ({found.clean.throttled} of {found.clean.sent} throttled)"
    )


def _windowed(found: Measurement, rate: str) -> str:
    if found.max_tps is None:
        return (
            "The model hands out its quota in windows longer than the test, so no rate can be told; "
            "ask AWS support about the quota, or run at a steady low rate"
        )
    return (
        f"The model hands out its quota in windows of several seconds: {rate} from refill to refill; "
        "clients should pace their requests"
    )
