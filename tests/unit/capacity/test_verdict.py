"""One word, and a sentence with the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.estimator import Interval
from lambdas.capacity.histogram import LatencyHistogram
from lambdas.capacity.measurement import CleanRate, Measurement, WorkersRefused
from lambdas.capacity.traffic import TrafficSeen
from lambdas.capacity.verdict import judge

CLEAN = CleanRate(4.76, sent=43, throttled=0, latency=LatencyHistogram())
FOUND = Measurement(
    "saturated", 16, Interval(5.01, 4.93, 5.09), clean=CLEAN, confirmed=True, saturated=(5,) * 12
)

REFUSED = replace(FOUND, ending="client-limited", refused=WorkersRefused(16, 5))


@pytest.mark.parametrize(
    ("found", "word", "said"),
    [
        (FOUND, "ok", "5.01 requests/s were accepted over 12 s of throttling, and 4.76 evenly paced requests/s passed"),
        (replace(FOUND, confirmed=False), "throttles-below-max", "check whether other clients use this model"),
        (replace(FOUND, confirmed=False, clean=None), "throttles-below-max", "no evenly paced rate was seen to pass"),
        (replace(FOUND, confirmed=False, late_share=0.2), "client-limited", "could not keep their lanes busy"),
        (replace(FOUND, ending="latency-bound"), "latency-bound", "bought latency instead of throughput"),
        (replace(FOUND, ending="not-saturated"), "not-saturated", "raise test.maxConcurrency"),
        (replace(FOUND, windowed=True), "windowed-quota", "5.01 requests/s from refill to refill"),
        (replace(FOUND, windowed=True, max_tps=None), "windowed-quota", "windows longer than the test"),
        (replace(FOUND, ending="account-throttled"), "account-throttled", "raise the account's"),
        (REFUSED, "client-limited", "ran 5 of 16 load workers"),
        (replace(FOUND, ending="client-limited"), "client-limited", "lower test.inFlightPerWorker"),
        (replace(FOUND, ending="unstable"), "unstable", "More than a tenth of the requests failed"),
        (replace(FOUND, saturated=(2,) * 6 + (8,) * 6), "unstable", "changed while it was measured"),
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
    assert "not confirmed at a clean rate (quick mode)" in verdict.detail


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


def test_without_a_word_of_the_quota_nothing_is_said_of_it() -> None:
    assert judge(replace(FOUND, max_tps=Interval(50.0, 49.0, 51.0))).word == "ok"
