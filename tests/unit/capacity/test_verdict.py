"""One word, and a sentence with the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.estimator import Interval
from lambdas.capacity.histogram import LatencyHistogram
from lambdas.capacity.measurement import CleanRate, Measurement
from lambdas.capacity.traffic import TrafficSeen
from lambdas.capacity.verdict import judge

CLEAN = CleanRate(4.76, sent=43, throttled=0, latency=LatencyHistogram())
FOUND = Measurement(
    "saturated", 16, Interval(5.01, 4.93, 5.09), clean=CLEAN, confirmed=True, saturated=(5,) * 12, looks=2
)


@pytest.mark.parametrize(
    ("found", "word", "said"),
    [
        (FOUND, "ok", "over 12 s of throttling, in 2 looks that agree, and 4.76 evenly paced requests/s passed"),
        (replace(FOUND, confirmed=False), "throttles-below-max", "check whether other clients use this model"),
        (replace(FOUND, confirmed=False, clean=None), "throttles-below-max", "no evenly paced rate was seen to pass"),
        (replace(FOUND, confirmed=False, late_share=0.2), "client-limited", "could not keep their lanes busy"),
        (replace(FOUND, ending="latency-bound"), "latency-bound", "bought latency instead of throughput"),
        (replace(FOUND, ending="not-saturated"), "not-saturated", "raise test.maxConcurrency"),
        (replace(FOUND, windowed=True), "windowed-quota", "5.01 requests/s from refill to refill"),
        (replace(FOUND, windowed=True, max_tps=None), "windowed-quota", "windows longer than the test"),
        (replace(FOUND, ending="account-throttled"), "account-throttled", "raise the account's"),
        (replace(FOUND, ending="client-limited"), "client-limited", "lower test.inFlightPerWorker"),
        (replace(FOUND, ending="unstable"), "unstable", "More than a tenth of the requests failed"),
        (replace(FOUND, unsettled="it carried 27.1, then 31"), "unstable", "it carried 27.1, then 31; run again"),
    ],
)  # fmt: skip
def test_each_verdict_has_its_evidence(found: Measurement, word: str, said: str) -> None:
    verdict = judge(found)

    assert verdict.word == word
    assert said in verdict.detail
    assert verdict.detail.endswith(".")
    assert "\n" not in verdict.detail


def test_a_quick_run_is_ok_without_a_confirmation_and_says_so() -> None:
    verdict = judge(replace(FOUND, confirmed=False, clean=None), quick=True)

    assert verdict.word == "ok"
    assert "seen once, and not confirmed at a clean rate (quick mode)" in verdict.detail


def test_for_how_long_the_model_was_seen_is_told_with_a_rate() -> None:
    assert "seen over 78 s" in judge(FOUND, observed_s=78.2).detail
    assert "seen over" not in judge(replace(FOUND, ending="unstable"), observed_s=78.2).detail


def test_other_errors_are_named() -> None:
    assert "41 x ConnectionError" in judge(FOUND, failures={"ConnectionError": 41}).detail


def test_auto_scaling_is_flagged() -> None:
    assert "the model auto-scales (up to 4 inference units)" in judge(FOUND, auto_scales_to=4).detail
    assert "auto-scales" not in judge(FOUND).detail


def test_traffic_of_others_is_flagged() -> None:
    own = judge(FOUND, other_traffic=TrafficSeen(40, of_model=True)).detail
    shared = judge(FOUND, other_traffic=TrafficSeen(40, of_model=False)).detail

    assert (
        "others sent this model 40 requests in the 5 minutes before the run, so the model may carry more"
        in own
    )
    assert "DetectCustomLabels was called 40 times" in shared
    assert "others" not in judge(FOUND, other_traffic=TrafficSeen(0, of_model=True)).detail


@pytest.mark.parametrize(("tps", "flagged"), [(50.0, True), (49.0, True), (45.0, False), (60.0, False)])
def test_a_rate_at_the_accounts_quota_may_be_the_accounts(tps: float, flagged: bool) -> None:
    found = replace(FOUND, max_tps=Interval(tps, tps - 1, tps + 1))

    assert ("default quota of an account (50 TPS)" in judge(found).detail) is flagged
