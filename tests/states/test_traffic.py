"""What CloudWatch counted of a model's requests, and what becomes of a CloudWatch that does not answer."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from iu_tuner.contract.errors import AccessDenied, InternalError, ModelInUse
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.rekognition.usage import CustomLabelsUsage
from lambdas.models.wire.metric_usage import cloudwatch_client
from lambdas.runs.store import run_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture

OPERATION = {"Operation": "DetectCustomLabels"}
MODEL = {"ProjectName": "bees", "VersionName": "bees.1"}
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1"


@pytest.fixture
def client(stack: Stack) -> Any:
    return cloudwatch_client()


def count(metric: str, dimensions: dict[str, str], requests: float, *, ago_s: float = 70) -> None:
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": time.time() - ago_s,
                "Value": requests,
            }
        ],
    )


def test_a_silent_account_is_told(client: Any) -> None:
    assert CustomLabelsUsage(client, ARN).recent_requests(time.time()) == TrafficSeen(0, of_model=False)


@pytest.mark.parametrize("metric", ["SuccessfulRequestCount", "ThrottledCount", "ServerErrorCount", "UserErrorCount"])
def test_requests_of_every_outcome_count(client: Any, metric: str) -> None:
    count(metric, OPERATION, 3)
    count(metric, OPERATION, 4, ago_s=200)

    assert CustomLabelsUsage(client, ARN).recent_requests(time.time()) == TrafficSeen(7, of_model=False)


@pytest.mark.parametrize("dimensions", [MODEL, {**OPERATION, **MODEL}])
def test_series_of_the_model_go_before_those_of_the_account(client: Any, dimensions: dict[str, str]) -> None:
    count("SuccessfulRequestCount", OPERATION, 50)
    count("SuccessfulRequestCount", dimensions, 5)
    count("ThrottledCount", dimensions, 2)

    assert CustomLabelsUsage(client, ARN).recent_requests(time.time()) == TrafficSeen(7, of_model=True)


def test_another_model_another_operation_and_long_ago_do_not_count(client: Any) -> None:
    count("SuccessfulRequestCount", {**MODEL, "VersionName": "bees.2"}, 5)
    count("SuccessfulRequestCount", {"Operation": "DetectLabels"}, 5)
    count("SuccessfulRequestCount", OPERATION, 5, ago_s=420)

    assert CustomLabelsUsage(client, ARN).recent_requests(time.time()) == TrafficSeen(0, of_model=False)


class Unanswering:
    """A CloudWatch that answers a question with this failure."""

    def __init__(self, failure: Exception | dict[str, Any]) -> None:
        self.failure = failure

    def get_paginator(self, _operation: str) -> Unanswering:
        return self

    def paginate(self, **_question: Any) -> list[dict[str, Any]]:
        if isinstance(self.failure, Exception):
            raise self.failure
        return [{"MetricDataResults": [self.failure]}]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetMetricData")


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        (refusal("AccessDenied"), AccessDenied, "grant it to the function's role"),
        (refusal("AccessDeniedException"), AccessDenied, "cloudwatch:GetMetricData"),
        (refusal("InternalServiceError"), InternalError, "nothing was started; run again"),
        (ReadTimeoutError(endpoint_url="https://monitoring"), InternalError, "nothing was started; run again"),
        ({"Id": "m0", "StatusCode": "InternalError", "Values": []}, InternalError, "m0: InternalError"),
    ],
    ids=["denied", "denied in other words", "outage", "silence", "half an answer"],
)
def test_a_cloudwatch_that_does_not_answer_is_not_taken_for_nobody(
    failure: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        CustomLabelsUsage(Unanswering(failure), ARN).recent_requests(time.time())


@pytest.fixture
def running_model(stack: Stack) -> dict[str, str]:
    """A running model whose own series say that it was asked."""
    stack.upload("samples/1.png", picture())
    names = stack.service.add_model(ModelSetup(truth=ModelTruth(), status="RUNNING"))
    count("SuccessfulRequestCount", {"ProjectName": names["project"], "VersionName": names["version"]}, 9)
    return names


def test_a_running_model_that_serves_others_is_left_alone(stack: Stack, running_model: dict[str, str]) -> None:
    with pytest.raises(ModelInUse, match="other clients sent this model 9 requests"):
        stack.prepare({"modelArn": running_model["modelArn"]})

    report = stack.service.model_report(running_model["modelArn"])
    assert (report["status"], report["totals"]["sent"]) == ("RUNNING", 0)


def test_it_is_measured_where_the_input_says_so(stack: Stack, running_model: dict[str, str]) -> None:
    stack.prepare({"modelArn": running_model["modelArn"], "test": {"allowOtherTraffic": True}})

    run, _ = run_store(stack.run_id).load()
    assert run.other_traffic == TrafficSeen(9, of_model=True)


def test_a_stopped_model_serves_nobody(stack: Stack) -> None:
    stack.upload("samples/1.png", picture())
    names = stack.service.add_model(ModelTruth())
    count("SuccessfulRequestCount", OPERATION, 9)

    stack.prepare({"modelArn": names["modelArn"]})

    assert run_store(stack.run_id).load()[0].other_traffic is None
