"""The handlers in the order of the state machine, on one worker at a time."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any

from iu_tuner.cli.aws.runs_table import RunsTable
from local.simulated_model.model_spec import ModelTruth
from tests.model_books import carried_tps
from tests.states.conftest import BUCKET, TABLE, Stack, picture


def run_through(stack: Stack, raw: dict[str, Any]) -> dict[str, Any]:
    stack.prepare(raw)
    while not stack.start():
        time.sleep(0.2)
    stack.probe()
    while step := stack.plan():
        for worker in range(step["workers"]):
            stack.apply(step, worker)
    stack.recommend()
    while not stack.settle(raw):
        time.sleep(0.2)
    return stack.publish()


def test_a_token_bucket_is_measured_and_the_model_stopped(stack: Stack) -> None:
    truth = ModelTruth(tps_per_iu=6, latency_mean_s=0.1, throttle_reply_s=0.1, start_s=0.5, stop_s=0.5)
    model = stack.service.add_model(truth)
    for index in range(5):
        stack.upload(f"samples/{index}.png", picture(64 + index))

    answer = run_through(
        stack,
        {
            "modelArn": model["modelArn"],
            "demand": {"averageTps": 4, "peakTps": 15},
            "test": {"mode": "quick", "inFlightPerWorker": 64},
        },
    )

    report = stack.service.model_report(model["modelArn"])
    assert answer["verdict"] == "ok"
    assert 0.92 * carried_tps(report) <= answer["maxTps"]["estimate"] <= 1.08 * 6
    assert answer["recommendation"]["minInferenceUnits"] == 1
    assert answer["recommendation"]["maxInferenceUnits"] == 3
    assert answer["model"]["statusBefore"] == "STOPPED"
    view = RunsTable(stack.dynamodb, TABLE).run(stack.run_id)
    assert view is not None
    assert view.receipt is not None
    assert (view.phase, view.receipt.status_after) == ("finished", "STOPPED")
    (past,) = [run.values for run in RunsTable(stack.dynamodb, TABLE).past_runs(model["modelArn"], 5)]
    assert {**answer, "startedAt": past["startedAt"]} == past
    assert answer["model"]["statusAfter"] == "STOPPED"
    assert report["status"] == "STOPPED"
    totals = report["totals"]
    assert (answer["requests"]["sent"], answer["requests"]["accepted"]) == (totals["sent"], totals["accepted"])
    kept = stack.s3.get_object(Bucket=BUCKET, Key="reports/run-1/result.json")["Body"].read()
    assert json.loads(kept) == answer
    page = stack.s3.get_object(Bucket=BUCKET, Key="reports/run-1/report.html")
    assert answer["reportUri"] == f"s3://{BUCKET}/reports/run-1/report.html"
    assert page["ContentType"] == "text/html; charset=utf-8"
    html = page["Body"].read().decode()
    assert "Start this model with 1 to 3 inference units" in html
    assert all(escape(reason) in html for reason in answer["recommendation"]["reasons"])
    assert answer["verdictDetail"] in html
    history = stack.dynamodb.get_item(
        TableName=TABLE, Key={"pk": {"S": f"MODEL#{model['modelArn']}"}, "sk": {"S": f"RUN#{stack.started_at}"}}
    )
    assert json.loads(history["Item"]["output"]["S"]) == answer
