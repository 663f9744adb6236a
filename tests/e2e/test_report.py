"""Each run that has an answer leaves a report of it, beside its data."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Deployment, Execution
from tests.e2e.scenarios import ANSWERED


@pytest.mark.parametrize("name", [scenario.name for scenario in ANSWERED])
def test_the_report_of_a_run_is_where_its_output_says(
    deployment: Deployment, executions: dict[str, Execution], name: str
) -> None:
    run = executions[name]
    bucket, _, key = run.output["reportUri"].removeprefix("s3://").partition("/")

    kept = deployment.aws.client("s3").get_object(Bucket=bucket, Key=key)

    assert key == f"reports/{run.run_id}/report.html"
    assert kept["ContentType"] == "text/html; charset=utf-8"
    html = kept["Body"].read().decode()
    assert html.startswith("<!doctype html>")
    assert run.output["runId"] in html
    assert len(html) < 600_000
