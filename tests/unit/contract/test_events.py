"""An event has the whole output, or says what had no room in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iu_tuner.contract.events import MAX_BYTES, event_detail
from simulation.samples.run import sample_output

MANY_STEPS = [{"phase": "ramp", "concurrency": 4, "p50Ms": 181}] * 6000
MANY_IMAGES = [{"key": f"samples/\u8702-{number:05}.jpg", "reason": "it is empty"} for number in range(6000)]


def output(**changed: Any) -> dict[str, Any]:
    return {**sample_output(), **changed}


def test_an_output_that_fits_is_told_as_it_is() -> None:
    assert json.loads(event_detail(sample_output())) == sample_output()


@pytest.mark.parametrize(
    ("changed", "left_out"),
    [
        ({"steps": MANY_STEPS}, ["steps"]),
        ({"images": {"found": 9, "skipped": MANY_IMAGES}}, ["steps", "images.skipped"]),
        ({"steps": MANY_STEPS, "images": {"found": 9, "skipped": MANY_IMAGES}}, ["steps", "images.skipped"]),
    ],
)
def test_one_that_is_too_large_loses_its_largest_parts_in_order_and_says_so(
    changed: dict[str, Any], left_out: list[str]
) -> None:
    whole = output(**changed)

    text = event_detail(whole)

    detail = json.loads(text)
    assert len(text.encode()) <= MAX_BYTES
    assert detail["leftOut"] == left_out
    assert "steps" not in detail
    assert detail["images"].get("found") == 9
    assert ("skipped" in detail["images"]) == ("images.skipped" not in left_out)
    assert (detail["verdict"], detail["maxTps"]) == (whole["verdict"], whole["maxTps"])
    assert len(whole["steps"]) == len(output(**changed)["steps"])


def test_a_failed_run_s_endless_cause_is_left_out() -> None:
    detail = json.loads(event_detail({"runId": "r", "error": "InternalError", "cause": "x" * 300_000}))

    assert detail == {"runId": "r", "error": "InternalError", "leftOut": ["cause"]}


def test_half_a_surrogate_pair_does_not_keep_the_event_back() -> None:
    assert json.loads(event_detail({"cause": "\ud800 is no text"})) == {"cause": "? is no text"}
