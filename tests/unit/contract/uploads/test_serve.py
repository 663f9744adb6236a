"""The input and the output of a run that starts a model for uploads."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.uploads.serve_input import parse_serve_input
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.schemas.__main__ import serve_output_schema
from lambdas.reports.email import serve_email
from tests.unit.reports.sample_serve import ARN, SERVED, SKIPPED

INPUT: dict[str, Any] = {
    "modelArn": ARN,
    "prefix": "in/",
    "queues": [{"url": "https://sqs/a", "arn": "arn:aws:sqs:us-east-1:123456789012:a"}],
}


def test_the_smallest_input_has_the_defaults_of_an_entry() -> None:
    parsed = parse_serve_input(INPUT)

    assert (parsed.units, parsed.idle_stop_minutes, parsed.limits.max_minutes) == ("recommended", 10, 300)
    assert parse_serve_input(parsed.model_dump(by_alias=True, mode="json")) == parsed


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"queues": []}, "queues"),
        ({"queues": [{"url": "x"}]}, "arn"),
        ({"units": 0}, "units"),
        ({"idleStopMinutes": 0}, "idleStopMinutes"),
        ({"limits": {"maxCostUsd": -1}}, "limits.maxCostUsd"),
        ({"task": "process"}, "task"),
        ({"idle": 1}, "idle"),
    ],
)
def test_a_bad_field_is_refused_by_name(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{field}: (unknown field, )?got .*takes?"):
        parse_serve_input(INPUT | changed)


@pytest.mark.parametrize("output", [SERVED, SKIPPED])
def test_an_output_is_as_its_schema_says_and_is_read_back(output: ServeOutput) -> None:
    jsonschema.validate(to_json(output), serve_output_schema())

    assert from_json(ServeOutput, to_json(output)) == output


def test_a_run_in_one_sentence() -> None:
    assert SERVED.sentence == "400 uploads analysed at 4.90 images/s for $0.76; 3 failed, 3 wait for the next start."
    assert SKIPPED.sentence == SKIPPED.verdict_detail


def test_the_message_about_it() -> None:
    told = serve_email(SERVED)

    assert told.subject == "Inference Unit Tuner: uploads served, 400 images: bees/v1"
    assert "Report: s3://b/reports/uploads-1/report.html" in told.body.splitlines()
    assert told.body.splitlines()[:2] == [SERVED.sentence, f"Verdict: served. {SERVED.verdict_detail}"]
