from __future__ import annotations

import json
from dataclasses import replace

import pytest

from iu_tuner.contract.output.measured import CleanTpsOutput
from iu_tuner.contract.output.reading import parse_output
from iu_tuner.contract.output.result import MeasuredVerdict, Output
from lambdas.processing.first_pace import MeasuredRate, first_pace, last_measured_rate
from lambdas.processing.pacer import START_SHARE
from tests.support.modules import ROOT

OUTPUTS = ROOT / "tests/unit/contract/output/outputs.jsonl"


def _output(verdict: MeasuredVerdict, tps: float | None, clean: float | None = None) -> Output:
    texts = OUTPUTS.read_text("utf-8").splitlines()
    sample = next(output for text in texts if isinstance(output := _parsed(text), Output))
    latency = replace(sample.latency_ms, p50=200.0)
    return replace(
        sample,
        verdict=verdict,
        inference_units=2,
        tps_per_inference_unit=tps,
        latency_ms=latency,
        clean_tps=CleanTpsOutput(clean, None),
    )


def _parsed(text: str) -> object:
    return parse_output(json.loads(text))


def test_the_newest_usable_measurement_counts() -> None:
    unusable = [_output("unstable", 9.0), _output("ok", None), _output("throttles-below-max", 9.0)]

    assert last_measured_rate([*unusable, _output("ok", 5.0, 9.5), _output("ok", 7.0)]) == MeasuredRate(5.0, 0.2)
    assert last_measured_rate([_output("throttles-below-max", 5.0, 8.0)]) == MeasuredRate(5.0, 0.2, 4.0)
    assert last_measured_rate(unusable) is None


@pytest.mark.parametrize(
    ("measured", "rate", "cap"),
    [
        (MeasuredRate(5.0, 0.2), START_SHARE * 15, 3 + 3),
        (MeasuredRate(5.0, None), START_SHARE * 15, None),
        (MeasuredRate(5.0, 0.2, 4.0), 12.0, 3),
        (MeasuredRate(1.0, 0.1, 0.5), 1.5, 1),
    ],
)
def test_the_rate_and_the_requests_in_flight_at_the_start(measured: MeasuredRate, rate: float, cap: int | None) -> None:
    pace = first_pace(3, measured)

    assert (pace.rate, pace.cap, pace.slow_start) == (pytest.approx(rate), cap, False)


def test_without_a_measurement_the_start_is_slow() -> None:
    pace = first_pace(3, None)

    assert (pace.rate, pace.slow_start, pace.measured) == (3.0, True, None)
