"""What a measurement allows to be claimed: one word, and one sentence with the evidence and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lambdas.capacity import estimator
from lambdas.capacity.measurement import Measurement

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


def judge(found: Measurement, *, quick: bool = False, auto_scales_to: int | None = None) -> Verdict:
    """The verdict on a measurement.

    `quick` says that no confirmation was wanted; `auto_scales_to` is the model's maximum number of
    inference units if it was running with one above its minimum.
    """
    word = _word(found, quick)
    flags = []
    if auto_scales_to is not None:
        flags.append(
            f"the model auto-scales (up to {auto_scales_to} inference units), so TPS per unit may be too high"
        )
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
    if found.max_tps and not estimator.steady(found.saturated, found.max_tps.half_width):
        return "unstable"
    if quick or found.confirmed:
        return "ok"
    return "client-limited" if found.late_share > LATE_SHARE else "throttles-below-max"


def _evidence(word: Word, found: Measurement) -> str:
    rate = f"{found.max_tps.estimate:.2f}" if found.max_tps else "no"
    at = f"at {found.concurrency} concurrent requests"
    clean = _clean(found)
    sentences: dict[Word, str] = {
        "ok": f"Saturated {at}: {rate} requests/s were accepted over {len(found.saturated)} s of throttling"
        f"{clean if found.clean else ', not confirmed at a clean rate (quick mode)'}; "
        "use the recommended inference units",
        "throttles-below-max": f"Saturated {at} with {rate} requests/s, but requests are throttled below that{clean}; "
        "plan with the clean rate, and check whether other clients use this model",
        "latency-bound": f"Nothing was throttled, but {at} more concurrency bought latency instead of throughput: "
        f"{rate} answers/s came back{clean}; cap the concurrency of your clients there",
        "not-saturated": f"{rate} requests/s were accepted {at} without saturating the model, so this is a lower "
        "bound; raise test.maxConcurrency to find the maximum",
        "windowed-quota": _windowed(found, rate) + clean,
        "account-throttled": f"{at[0].upper()}{at[1:]} AWS throttled the account, not the model "
        f"(ThrottlingException), with {rate} requests/s accepted: a lower bound; raise the account's "
        "DetectCustomLabels quota in Service Quotas, or run when nothing else uses Rekognition",
        "client-limited": f"The load workers could not keep their lanes busy {at}, so {rate} requests/s is a lower "
        "bound; lower test.inFlightPerWorker and run again",
        "unstable": f"What the model accepted changed while it was measured {at} (mean {rate} requests/s), or more "
        "than a tenth of the requests failed; look at the failures and run again, in precise mode",
    }
    return sentences[word]


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
        f"The model hands out its quota in windows of several seconds: {rate} requests/s from refill to refill; "
        "clients should pace their requests"
    )
