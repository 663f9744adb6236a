"""Writes a run's files to the report bucket: `reports/<runId>/result.json`, `steps.csv` and `report.html`."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.names import REPORT_PREFIX
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.uploads.serve_output import ServeOutput
from lambdas.runs.step_rows import steps_table


def result_uri(bucket: str, run_id: str) -> str:
    """The S3 URI of the run's result."""
    return f"s3://{bucket}/{_key(run_id, 'result.json')}"


def report_uri(bucket: str, run_id: str) -> str:
    """The S3 URI of the run's page."""
    return f"s3://{bucket}/{_key(run_id, 'report.html')}"


def put_page(client: Any, bucket: str, run_id: str, page: str) -> None:
    """Saves a run's page as HTML."""
    kind = "text/html; charset=utf-8"
    key = _key(run_id, "report.html")
    client.put_object(Bucket=bucket, Key=key, Body=page.encode(), ContentType=kind)


def put_reports(client: Any, bucket: str, output: Output) -> None:
    """Saves a run's output as JSON and its steps as CSV."""
    run_id = output.run_id
    table = io.StringIO()
    csv.writer(table).writerows(steps_table(output.steps))
    result = json.dumps(to_json(output), indent=2).encode()
    for name, body, kind in (
        ("result.json", result, "application/json"),
        ("steps.csv", table.getvalue().encode(), "text/csv"),
    ):
        client.put_object(Bucket=bucket, Key=_key(run_id, name), Body=body, ContentType=kind)


def put_result(client: Any, bucket: str, output: BatchOutput | ServeOutput) -> None:
    """Saves the output of a batch, or of a run for uploads, as JSON."""
    result, key = json.dumps(to_json(output), indent=2).encode(), _key(output.run_id, "result.json")
    client.put_object(Bucket=bucket, Key=key, Body=result, ContentType="application/json")


def _key(run_id: str, name: str) -> str:
    return f"{REPORT_PREFIX}{run_id}/{name}"
