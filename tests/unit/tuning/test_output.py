"""The output says what was measured, and only that."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.result import Output
from iu_tuner.formats import iso
from lambdas.capacity.measurement import CleanRate, Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import TOO_LARGE_FOR_BYTES, Image
from lambdas.load.histogram import LatencyHistogram
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.planning.demand import TrafficDemand
from lambdas.runs import store_items
from lambdas.runs.run import Run
from lambdas.runs.step_rows import steps_table
from lambdas.tuning import output
from simulation.samples.run import sample_output

RUN = Run(
    run_id="r",
    model_arn="arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1",
    project_arn="p",
    started_at="2026-11-21T06:00:00.000Z",
    inference_units=2,
    requested_units=None,
    usd_per_unit_hour=4.0,
    expected_usd=0.3,
    mode="standard",
    start_concurrency=4,
    max_concurrency=256,
    in_flight_per_worker=8,
    max_minutes=90,
    max_usd=10,
    demand=None,
    bucket="b",
    source="bytes",
    images=(),
    skipped=(),
    images_found=0,
    images_skipped=0,
)


def as_kept(run: Run) -> Run:
    """The run as the runs table gives it back."""
    return store_items.RUN.read(store_items.RUN.text(run))


def findings(*of_run: Any, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = to_json(output.findings(*of_run, **more))
    return found


def latencies(count: int) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for index in range(count):
        histogram.add(0.1 + index / 10_000)
    return histogram


def test_tps_per_inference_unit_is_max_tps_shared_out() -> None:
    found = findings(RUN, [], Measurement("saturated", 8, Interval(10.0, 9.8, 10.2), is_confirmed=True))

    assert found["tpsPerInferenceUnit"] == 5.0
    assert [row["tps"] for row in found["recommendation"]["table"]] == [5.0, 10.0, 15.0, 20.0, 25.0]


@pytest.mark.parametrize(
    ("count", "given"), [(0, set()), (43, {"p50"}), (60, {"p50", "p95"}), (300, {"p50", "p95", "p99"})]
)
def test_a_percentile_needs_enough_requests(count: int, given: set[str]) -> None:
    clean = CleanRate(4.8, sent=count, throttled=0, latency=latencies(count))

    found = findings(RUN, [], Measurement("saturated", 8, Interval(10, 9, 11), clean_rate=clean, is_confirmed=True))

    assert found["latencyMs"].pop("samples") == count
    assert {name for name in ("p50", "p95", "p99") if found["latencyMs"][name] is not None} == given
    for name, needed in (("p95", 59), ("p99", 299)):
        assert (found["latencyMs"][f"{name}AtMost"] is not None) == (name in given)
        assert found["latencyMs"][f"{name}Needs"] == (None if name in given else needed - count)
        assert (found["latencyMs"][f"{name}AtMost"] or math.inf) >= (found["latencyMs"][name] or 0)


def test_a_lower_bound_has_no_upper_end() -> None:
    found = findings(RUN, [], Measurement("not-saturated", 256, Interval.lower_bound(30.0)))

    assert found["maxTps"] == {"estimate": 30.0, "low": 30.0, "high": None, "confidence": 0.95}


def test_without_a_rate_no_number_is_made_up() -> None:
    found = findings(replace(RUN, demand=TrafficDemand(1, 2)), [], Measurement("saturated", 8, None, is_windowed=True))

    assert found["verdict"] == "windowed-quota"
    assert found["maxTps"]["estimate"] is None
    assert found["tpsPerInferenceUnit"] is None
    assert found["recommendation"]["minInferenceUnits"] is None
    assert found["recommendation"]["table"] == []


def test_a_measurement_beside_others_says_so_and_survives_the_table() -> None:
    shared = as_kept(replace(RUN, other_traffic=TrafficSeen(12, of_model=False)))
    measured = Measurement("saturated", 8, Interval(10, 9, 11), is_confirmed=True)

    found = findings(shared, [], measured)

    assert found["otherTraffic"] == {"requests": 12, "minutes": 5, "ofThisModel": False}
    assert "called 12 times" in found["verdictDetail"]
    assert "otherTraffic" not in findings(as_kept(RUN), [], measured)


@pytest.mark.parametrize("ending", ["account-throttled", "unstable"])
def test_a_rate_that_is_not_the_model_s_gives_no_inference_units(ending: Any) -> None:
    demanding = replace(RUN, demand=TrafficDemand(10, 12))

    found = findings(demanding, [], Measurement(ending, 8, Interval.lower_bound(5.0)))

    assert found["recommendation"]["minInferenceUnits"] is None
    assert found["recommendation"]["table"] == []
    assert "no number of inference units follows" in found["recommendation"]["reasons"][0]
    assert found["cleanTps"]["rate"] is None


def test_an_answer_from_few_of_the_images_says_so_in_its_sentence_and_reasons() -> None:
    counted = ImagesFound("samples/", 46, {TOO_LARGE_FOR_BYTES: 40}, 46, is_estimate=False, listing_was_cut=False)
    few = replace(RUN, images=(Image("samples/a.jpg", 9),) * 6, images_found=46, images_counted=counted)
    measured = Measurement("saturated", 8, Interval(10, 9, 11), is_confirmed=True)

    found = findings(as_kept(few), [], measured, refused_images=5)

    left_out = "40 of 46 images were left out as too large for bytes: measured with the smallest only"
    for said in (left_out, "model refused 5 of the 6 images", "easured with only 1 image: upload"):
        assert said in found["verdictDetail"]
        assert any(said in reason for reason in found["recommendation"]["reasons"])


def test_counts_add_up_in_every_step_and_in_sum() -> None:
    answer = sample_output()

    requests = answer["requests"]
    assert requests["sent"] == requests["accepted"] + requests["throttled"] + requests["failed"]
    for name in ("accepted", "throttled", "failed"):
        assert requests[name] == sum(step[name] for step in answer["steps"])


def test_a_step_has_its_latencies_and_what_a_paced_one_sent_of_what_was_planned() -> None:
    steps = from_json(Output, sample_output()).steps
    (paced,) = (step for step in steps if step.phase == "confirm")
    ramp = steps[1]

    for step in steps:
        values = (step.min_ms, step.p50_ms, step.p95_ms, step.max_ms)
        assert None not in values
        assert list(values) == sorted(values)  # type: ignore[type-var]
        assert (step.min_ms or 0) <= (step.mean_ms or 0) <= (step.max_ms or 0)
        assert (step.failed_tps, step.late_sends) == (0.0, 0)
    assert (paced.intended_tps, paced.offered_tps) == (4.75, pytest.approx(4.75, abs=0.1))
    assert (ramp.intended_tps, ramp.offered_tps) == (None, None)
    assert ramp.drift_percent is not None
    assert ramp.drift_percent < -5  # the burst credit is used up in the first half
    assert abs(paced.drift_percent or 99) < 5


def test_the_units_are_sized_by_the_clean_rate_if_requests_are_throttled_below_the_maximum() -> None:
    clean = CleanRate(8.0, sent=80, throttled=0, latency=latencies(80))
    measured = Measurement("saturated", 8, Interval(10, 9, 11), clean_rate=clean)
    wanted = replace(RUN, demand=TrafficDemand(4, 15))

    sized, unsized = (findings(wanted, [], replace(measured, clean_rate=one)) for one in (clean, None))

    assert sized["verdict"] == unsized["verdict"] == "throttles-below-max"
    assert (sized["recommendation"]["sizedBy"], sized["recommendation"]["maxInferenceUnits"]) == ("cleanTps", 4)
    assert [row["tps"] for row in sized["recommendation"]["table"]] == [4.0, 8.0, 12.0, 16.0, 20.0]
    assert sized["tpsPerInferenceUnit"] == 5.0
    assert unsized["recommendation"]["maxInferenceUnits"] is None
    assert "No evenly paced rate passed" in unsized["recommendation"]["reasons"][0]


def test_the_steps_are_a_table_too() -> None:
    names, *rows = steps_table(from_json(Output, sample_output()).steps)

    assert (names[:4], names[-1]) == (["phase", "concurrency", "workers", "seconds"], "series")
    assert [row[-1] for row in rows] == ["main"] * len(sample_output()["steps"])


def test_times_are_iso_in_utc() -> None:
    assert iso(0.5) == "1970-01-01T00:00:00.500Z"
    assert iso(None) is None
