"""A run that plans for the past: what Prepare reads of CloudWatch, keeps, and Recommend makes of it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from iu_tuner.contract.errors import AccessDenied, InternalError
from lambdas.aws.table import dynamodb_client
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.models.rekognition.usage import CustomLabelsUsage
from lambdas.models.usage import Window
from lambdas.planning.history_store import HistoryItems
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import TABLE, Stack, picture
from tests.support import past_traffic

OPERATION = {"Operation": "DetectCustomLabels"}
MODEL = {"ProjectName": "bees", "VersionName": "bees.1"}
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1"
NOW = time.time()
WINDOW = Window.before(NOW, 1)
END = WINDOW.end_s


def told(metric: str, dimensions: dict[str, str], values: dict[int, float]) -> None:
    """CloudWatch gets values for minutes of the window, counted from its end."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {"MetricName": metric, "Dimensions": named, "Timestamp": END - 60 * ago + 1, "Value": value}
            for ago, value in values.items()
        ],
    )


@pytest.fixture
def client(stack: Stack) -> Any:
    return boto3.client("cloudwatch")


def past(client: Any) -> Any:
    return CustomLabelsUsage(client, ARN).past_requests(WINDOW)


def test_what_the_account_was_asked_for_is_read_by_the_minute(client: Any) -> None:
    told("SuccessfulRequestCount", OPERATION, {3: 30, 2: 40})
    told("ThrottledCount", OPERATION, {2: 5})
    told("UserErrorCount", OPERATION, {2: 7})
    told("SuccessfulRequestCount", {"Operation": "DetectLabels"}, {2: 900})

    seen = past(client)

    assert seen.successful == {END - 180: 30, END - 120: 40}
    assert seen.throttled == {END - 120: 5}
    assert (seen.in_service, seen.of_model) == ({}, False)


@pytest.mark.parametrize("dimensions", [MODEL, {**OPERATION, **MODEL}])
def test_series_of_the_model_go_before_those_of_the_account(client: Any, dimensions: dict[str, str]) -> None:
    told("SuccessfulRequestCount", OPERATION, {2: 400})
    told("SuccessfulRequestCount", dimensions, {2: 40})

    seen = past(client)

    assert (seen.successful, seen.of_model) == ({END - 120: 40}, True)


def test_inference_units_in_service_are_averages(client: Any) -> None:
    told("InServiceInferenceUnits", MODEL, {2: 1})
    told("InServiceInferenceUnits", MODEL, {2: 3})

    assert past(client).in_service == {END - 120: 2}


def test_an_answer_in_pages_is_read_to_its_end(client: Any) -> None:
    def page(values: dict[int, float], more: str | None = None) -> dict[str, Any]:
        result = {
            "Id": "m0",
            "StatusCode": "PartialData" if more else "Complete",
            "Timestamps": [datetime.fromtimestamp(END - 60 * ago, UTC) for ago in values],
            "Values": list(values.values()),
        }
        return {"MetricDataResults": [result], **({"NextToken": more} if more else {})}

    asked = {"MetricDataQueries": ANY, "StartTime": WINDOW.start_s, "EndTime": END, "MaxDatapoints": 20_000}
    with Stubber(client) as stubber:
        stubber.add_response("get_metric_data", page({1: 10.0, 2: 20.0}, more="next"), asked)
        stubber.add_response("get_metric_data", page({3: 30.0}), {**asked, "NextToken": "next"})

        seen = past(client)

        stubber.assert_no_pending_responses()
    assert seen.successful == {END - 60: 10, END - 120: 20, END - 180: 30}


class Unanswering:
    """A CloudWatch that answers a question with this failure."""

    def __init__(self, failure: Exception | dict[str, Any]) -> None:
        self.failure = failure

    def get_paginator(self, _operation: str) -> Unanswering:
        return self

    def paginate(self, **_question: Any) -> Iterator[dict[str, Any]]:
        if isinstance(self.failure, Exception):
            raise self.failure
        yield {"MetricDataResults": [self.failure]}


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetMetricData"),
            AccessDenied,
            "demand.fromCloudWatchDays needs cloudwatch:GetMetricData: grant it",
        ),
        (
            ClientError({"Error": {"Code": "InternalServiceError", "Message": "no"}}, "GetMetricData"),
            InternalError,
            "CloudWatch could not be asked for the model's requests",
        ),
        (ReadTimeoutError(endpoint_url="x"), InternalError, "nothing was started; run again"),
        ({"Id": "m0", "StatusCode": "InternalError", "Values": []}, InternalError, "m0: InternalError"),
    ],
)
def test_a_cloudwatch_that_does_not_answer_is_no_silence(failure: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        past(Unanswering(failure))


def test_fifteen_days_of_minutes_fit_an_item_and_come_back(stack: Stack) -> None:
    chance = random.Random(5)
    history = past_traffic.history([chance.randrange(60_000) for _ in range(21_600)], days=15)
    items = HistoryItems(dynamodb_client(), TABLE)

    items.save("run-1", history)

    (item,) = stack.items()
    assert item["sk"]["S"] == "TRAFFIC"
    assert len(item["history"]["S"]) < 120_000
    assert items.load("run-1") == history


@pytest.fixture
def model(stack: Stack) -> dict[str, str]:
    stack.upload("samples/1.png", picture())
    names: dict[str, str] = stack.service.add_model(ModelSetup(truth=ModelTruth(), status="STOPPED"))
    return names


def own(names: dict[str, str]) -> dict[str, str]:
    return {"ProjectName": names["project"], "VersionName": names["version"]}


def test_prepare_keeps_the_past_of_a_stopped_model(stack: Stack, model: dict[str, str]) -> None:
    told("SuccessfulRequestCount", own(model), {9: 60, 8: 120, 7: 60})

    stack.prepare({"modelArn": model["modelArn"], "demand": {"fromCloudWatchDays": 1}})

    kept = HistoryItems(dynamodb_client(), TABLE).load(stack.run_id)
    assert (kept.requests, kept.of_model, kept.period_s) == (240, True, 60)
    assert kept.counts[:3] == (60, 120, 60)
    assert stack.run_item()["plan"]["demand"] == {"days": 1, "percentile": 99, "headroom": 0}


def test_any_other_demand_asks_cloudwatch_nothing(
    stack: Stack, model: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("CloudWatch was asked")

    monkeypatch.setattr("lambdas.planning.cloudwatch_demand.usage_of", asked)

    stack.prepare({"modelArn": model["modelArn"], "demand": {"peakTps": 3}})

    assert not [item for item in stack.items() if item["sk"]["S"] == "TRAFFIC"]


@pytest.mark.parametrize(
    ("counted", "tested", "left_out"),
    [("model", "model", 1), ("model", "another", 0), ("account", "model", 1), ("account", "another", 1)],
)
def test_the_load_of_an_earlier_run_is_left_out_where_it_was_counted(
    stack: Stack, model: dict[str, str], counted: str, tested: str, left_out: int
) -> None:
    dimensions = own(model) if counted == "model" else {"Operation": "DetectCustomLabels"}
    told("SuccessfulRequestCount", dimensions, {90: 9000, 89: 9000, 30: 60})
    items = HistoryItems(dynamodb_client(), TABLE)
    items.save_own_run(
        "run-0", f"{model['modelArn']}{'' if tested == 'model' else 0}", END - 90 * 60, END - 88 * 60 - 1
    )

    stack.prepare({"modelArn": model["modelArn"], "demand": {"fromCloudWatchDays": 1}})

    kept = items.load(stack.run_id)
    assert (kept.requests, kept.own_runs) == (60 if left_out else 18_060, left_out)


def test_recommend_gets_the_past_that_was_kept(
    stack: Stack, model: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told("SuccessfulRequestCount", own(model), {ago: 60 + ago for ago in range(1, 60)})
    stack.prepare({"modelArn": model["modelArn"], "demand": {"fromCloudWatchDays": 1}})
    measured = Measurement("saturated", 8, Interval(1.5, 1.4, 1.6), is_confirmed=True)
    monkeypatch.setattr("lambdas.tuning.recommend.next_move", lambda *_: measured)

    stack.recommend()

    (item,) = [each for each in stack.items() if each["sk"]["S"] == "RESULT"]
    advice = json.loads(item["findings"]["S"])["recommendation"]
    assert (advice["minInferenceUnits"], advice["maxInferenceUnits"]) == (1, 2)
    assert advice["demand"]["ofThisModel"]
    assert advice["carried"]["requestsShare"] == 1


def test_a_window_is_asked_for_with_its_period(client: Any) -> None:
    week_old = END - 16 * 86_400
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {
                "MetricName": "SuccessfulRequestCount",
                "Timestamp": week_old + 60 * minute,
                "Value": 1,
                "Dimensions": [{"Name": "Operation", "Value": "DetectCustomLabels"}],
            }
            for minute in range(5)
        ],
    )
    window = replace(Window.before(NOW, 20), end_s=week_old // 300 * 300 + 600)

    seen = CustomLabelsUsage(client, ARN).past_requests(window)

    assert sum(seen.successful.values()) == 5
    assert all(start % 300 == 0 for start in seen.successful)
