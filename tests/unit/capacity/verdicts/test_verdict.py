"""One word, and a sentence with the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.measurement import CleanRate, Measurement, WorkerRefusal
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.verdict import judge
from lambdas.load.client_load import ClientLoad
from lambdas.load.histogram import LatencyHistogram
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.rekognition.facts import FACTS

CLEAN = CleanRate(4.76, sent=43, throttled=0, latency=LatencyHistogram())
FOUND = Measurement(
    "saturated",
    16,
    Interval(5.01, 4.93, 5.09),
    clean_rate=CLEAN,
    is_confirmed=True,
    saturated_counts=(5,) * 12,
    looks=2,
)

REFUSED = replace(FOUND, ending="client-limited", worker_refusal=WorkerRefusal(16, 5))


@pytest.mark.parametrize(
    ("found", "word", "said"),
    [
        (FOUND, "ok", "over 12 s of throttling, in 2 looks that agree, and 4.76 evenly paced requests/s passed"),
        (replace(FOUND, is_confirmed=False), "throttles-below-max", "check whether other clients use this model"),
        (
            replace(FOUND, is_confirmed=False, clean_rate=None),
            "throttles-below-max",
            "there is no clean rate to plan with",
        ),
        (replace(FOUND, is_confirmed=False, late_share=0.2), "client-limited", "sent 20.0 % of the evenly paced"),
        (
            replace(FOUND, is_confirmed=False, late_share=0.05),
            "throttles-below-max",
            "requests are throttled below that",
        ),
        (replace(FOUND, late_share=0.011), "client-limited", "sent 1.1 % of the evenly paced requests"),
        (replace(FOUND, late_share=0.01), "ok", "plan with this rate"),
        (replace(FOUND, ending="latency-bound"), "latency-bound", "cap the concurrency of your clients at 16"),
        (replace(FOUND, ending="not-saturated"), "not-saturated", "raise test.maxConcurrency"),
        (replace(FOUND, is_windowed=True), "windowed-quota", "5.01 requests/s from refill to refill"),
        (replace(FOUND, is_windowed=True, max_tps=None), "windowed-quota", "windows longer than the test"),
        (replace(FOUND, ending="account-throttled"), "account-throttled", "raise the account's"),
        (REFUSED, "client-limited", "ran 5 of 16 load workers"),
        (replace(FOUND, ending="client-limited"), "client-limited", "lower test.inFlightPerWorker"),
        (replace(FOUND, ending="unstable"), "unstable", "More than a tenth of the requests failed"),
        (
            replace(FOUND, unsettled_reason="it carried 27.1, then 31"),
            "unstable",
            "No single rate holds for this model at 16",
        ),
    ],
)
def test_each_verdict_has_its_evidence(found: Measurement, word: str, said: str) -> None:
    verdict = judge(found)

    assert verdict.word == word
    assert said in verdict.detail
    assert verdict.detail.endswith(".")
    assert "; ." not in verdict.detail and "; ;" not in verdict.detail
    assert "\n" not in verdict.detail


def test_a_quick_run_is_ok_without_a_confirmation_and_says_so() -> None:
    verdict = judge(replace(FOUND, is_confirmed=False, clean_rate=None), quick=True)

    assert verdict.word == "ok"
    assert "seen once, and not confirmed at a clean rate (quick mode)" in verdict.detail


def test_for_how_long_the_model_was_seen_is_told_with_a_rate() -> None:
    assert "the test took 78 s" in judge(FOUND, observed_s=78.2).detail
    assert "the test took" not in judge(replace(FOUND, ending="unstable"), observed_s=78.2).detail


def test_other_errors_are_named() -> None:
    assert "41 x ConnectionError" in judge(FOUND, failures={"ConnectionError": 41}).detail


BUSY = ClientLoad(cpu_share=0.82, bytes_per_s=12e6, in_flight=8, seconds=40)


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (BUSY, "a load worker with 8 requests in flight used 82% of its CPU and moved 12.0 MB/s) at 16"),
        (BUSY, "lower test.inFlightPerWorker, so that more workers share the load, or use smaller images"),
        (replace(BUSY, in_flight=1), "are a lower bound; use smaller images, or images.source s3, and run again"),
        (replace(BUSY, cpu_share=0.1, bytes_per_s=41e6), "used 10% of its CPU and moved 41.0 MB/s"),
        (ClientLoad(in_flight=1, seconds=40, spoilt_seconds=30), "lanes busy (30 of 40 seconds were left out"),
        (ClientLoad(in_flight=1), "are a lower bound; run again."),
    ],
)
def test_a_client_that_was_the_limit_says_what_was_measured_and_what_to_do(client: ClientLoad, said: str) -> None:
    assert said in judge(replace(FOUND, ending="client-limited"), client=client).detail


def test_what_a_limiting_client_did_is_told_once() -> None:
    detail = judge(replace(FOUND, ending="client-limited"), client=BUSY).detail

    assert detail.count("82% of its CPU") == 1
    assert "latencies are partly its own" not in detail


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (BUSY, "used 82% of its CPU and moved 12.0 MB/s, so latencies are partly its own"),
        (ClientLoad(seconds=40, spoilt_seconds=3), "3 of 40 seconds were left out, as a load worker stalled in them"),
    ],
)
def test_a_client_that_had_trouble_is_flagged(client: ClientLoad, said: str) -> None:
    assert said in judge(FOUND, client=client).detail


def test_a_client_at_ease_is_not_spoken_of() -> None:
    at_ease = ClientLoad(cpu_share=0.69, bytes_per_s=39e6, in_flight=8, seconds=40, spoilt_seconds=2)

    assert judge(FOUND, client=at_ease) == judge(FOUND)


def test_auto_scaling_is_flagged() -> None:
    assert "the model auto-scales (up to 4 inference units)" in judge(FOUND, auto_scales_to=4).detail
    assert "auto-scales" not in judge(FOUND).detail


def test_traffic_of_others_is_flagged() -> None:
    own = judge(FOUND, other_traffic=TrafficSeen(40, of_model=True)).detail
    shared = judge(FOUND, other_traffic=TrafficSeen(40, of_model=False), service=FACTS).detail

    assert (
        "other clients sent this model 40 requests in the 5 minutes before the run, so the model may carry more" in own
    )
    assert "DetectCustomLabels was called 40 times" in shared
    assert "other clients" not in judge(FOUND, other_traffic=TrafficSeen(0, of_model=True)).detail


def test_without_a_word_of_the_quota_nothing_is_said_of_it() -> None:
    assert judge(replace(FOUND, max_tps=Interval(50.0, 49.0, 51.0))).word == "ok"
