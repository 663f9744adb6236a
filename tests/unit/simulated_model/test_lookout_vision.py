"""An unchanged client of the last botocore that knew Lookout for Vision, against the running server."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from PIL import Image

from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.errors import ServiceError
from local.simulated_model.lookout_vision.tokens import TOKEN_KEPT_S, TokenBook
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel
from simulation.samples.pictures import jpeg, png
from tests.support.old_service_model import SERVICE, data_path
from tests.waiting import wait_until

from .conftest import ONE_ATTEMPT

FAST: dict[str, Any] = {"tps_per_iu": 1000.0, "latency_mean_s": 0.001, "start_s": 0.2, "stop_s": 0.2}


@pytest.fixture(scope="module")
def client(simulated: RunningSimulatedModel, pytestconfig: pytest.Config) -> Any:
    assert pytestconfig.cache is not None
    folder: Path = data_path(Path(pytestconfig.cache.mkdir("service-models")))
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_DATA_PATH", str(folder))
        session: Any = boto3.Session()
        return session.client(SERVICE, endpoint_url=simulated.url, config=ONE_ATTEMPT, **keys)


def model(
    simulated: RunningSimulatedModel, status: str = "STOPPED", *poison: dict[str, str], **truth: Any
) -> dict[str, str]:
    answers = AnswerSetup(poison=poison)
    setup = ModelSetup(truth=ModelTruth(**{**FAST, **truth}), answers=answers, status=status, service=SERVICE)
    names = simulated.add_model(setup)
    return {"ProjectName": names["project"], "ModelVersion": names["version"]}


def status(client: Any, named: dict[str, str]) -> str:
    return str(client.describe_model(**named)["ModelDescription"]["Status"])


def refusal(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response: dict[str, Any] = {**caught.value.response}
    return {"Code": response["Error"]["Code"], "status": response["ResponseMetadata"]["HTTPStatusCode"], **response}


def test_a_model_is_hosted_answers_and_goes_back_to_trained(client: Any, simulated: RunningSimulatedModel) -> None:
    named = model(simulated)

    started = client.start_model(**named, MinInferenceUnits=1, MaxInferenceUnits=3)["Status"]
    wait_until("HOSTED", lambda: status(client, named) == "HOSTED")
    described = client.describe_model(**named)["ModelDescription"]
    found = client.detect_anomalies(**named, Body=png(), ContentType="image/png")["DetectAnomalyResult"]
    stopped = client.stop_model(**named)["Status"]
    wait_until("TRAINED", lambda: status(client, named) == "TRAINED")

    assert (started, stopped) == ("STARTING_HOSTING", "STOPPING_HOSTING")
    assert (described["MinInferenceUnits"], described["MaxInferenceUnits"]) == (1, 3)
    assert found["Source"] == {"Type": "direct"}
    assert isinstance(found["IsAnomalous"], bool) and 0.5 <= found["Confidence"] <= 1
    assert ("AnomalyMask" in found, "Anomalies" in found) == (found["IsAnomalous"],) * 2


def test_an_anomaly_has_areas_and_a_mask(client: Any, simulated: RunningSimulatedModel) -> None:
    line = {"sha256": hashlib.sha256(png()).hexdigest(), "labels": [{"name": "anomaly", "confidence": 30.0}]}
    setup = ModelSetup(
        truth=ModelTruth(**FAST), answers=AnswerSetup(detections=(line,)), status="RUNNING", service=SERVICE
    )
    names = simulated.add_model(setup)

    named = {"ProjectName": names["project"], "ModelVersion": names["version"]}
    found = client.detect_anomalies(**named, Body=png(), ContentType="image/png")["DetectAnomalyResult"]

    assert (found["IsAnomalous"], found["Confidence"]) == (True, 0.3)
    assert [each["Name"] for each in found["Anomalies"]] == ["background", "stain"]
    with Image.open(io.BytesIO(found["AnomalyMask"])) as mask:
        assert [mask.getpixel(place) for place in ((0, 0), (63, 63))] == [(0x23, 0xA4, 0x36), (255, 255, 255)]


def test_models_and_projects_are_listed_in_pages(client: Any, simulated: RunningSimulatedModel) -> None:
    named = model(simulated)
    project = named["ProjectName"]
    other = simulated.add_model(ModelSetup(project=project, service=SERVICE))

    first = client.list_models(ProjectName=project, MaxResults=1)
    second = client.list_models(ProjectName=project, MaxResults=1, NextToken=first["NextToken"])
    projects = [each for page in client.get_paginator("list_projects").paginate() for each in page["Projects"]]

    assert [each["ModelVersion"] for each in first["Models"] + second["Models"]] == [named["ModelVersion"], "2"]
    assert second["Models"][0]["ModelArn"] == other["modelArn"] and "NextToken" not in second
    assert project in [each["ProjectName"] for each in projects]
    assert client.describe_project(ProjectName=project)["ProjectDescription"]["ProjectName"] == project


def test_each_error_has_its_code_its_status_and_its_members(client: Any, simulated: RunningSimulatedModel) -> None:
    stopped, full, limited, broken = (
        model(simulated),
        model(simulated, "RUNNING", limiter="fixed_window", tps_per_iu=1.0, window_s=60.0),
        model(simulated, "RUNNING", account_tps=0.01, account_error="ThrottlingException"),
        model(simulated, "RUNNING", random_500_share=1.0),
    )
    image = {"Body": jpeg(), "ContentType": "image/jpeg"}

    def throttled(named: dict[str, str]) -> dict[str, Any]:
        for _ in range(200):
            try:
                client.detect_anomalies(**named, **image)
            except ClientError as error:
                return dict(error.response)
        raise AssertionError("it was not throttled")

    conflict = refusal(client.stop_model, **stopped)
    quota = refusal(client.start_model, **stopped, MinInferenceUnits=100)
    unknown = refusal(client.describe_model, ProjectName="nobody", ModelVersion="1")
    server = refusal(client.detect_anomalies, **broken, **image)
    gif = refusal(client.detect_anomalies, **full, Body=jpeg(), ContentType="image/gif")
    units, account = throttled(full), throttled(limited)
    poison = {"sha256": hashlib.sha256(jpeg()).hexdigest(), "code": "AccessDeniedException"}
    denied = refusal(client.detect_anomalies, **model(simulated, "RUNNING", poison), **image)

    assert (conflict["Code"], conflict["status"], conflict["ResourceType"]) == ("ConflictException", 409, "MODEL")
    assert (quota["Code"], quota["status"], quota["ServiceCode"]) == ("ServiceQuotaExceededException", 402, SERVICE)
    assert (unknown["Code"], unknown["status"]) == ("ResourceNotFoundException", 404)
    assert (server["Code"], server["status"]) == ("InternalServerException", 500)
    assert (denied["Code"], denied["status"]) == ("AccessDeniedException", 403)
    assert (gif["Code"], gif["status"]) == ("ValidationException", 400)
    assert "one of the following. image/jpeg, image/png" in gif["Error"]["Message"]
    for error, has_quota in ((units, False), (account, True)):
        assert error["Error"]["Code"] == "ThrottlingException"
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert error["ResponseMetadata"]["HTTPHeaders"]["retry-after"]
        assert ("QuotaCode" in error) == has_quota


def test_a_token_makes_repeated_starts_one(client: Any, simulated: RunningSimulatedModel) -> None:
    named = model(simulated)
    start = {**named, "MinInferenceUnits": 1, "ClientToken": "first"}

    client.start_model(**start)
    wait_until("HOSTED", lambda: status(client, named) == "HOSTED")
    client.stop_model(**named, ClientToken="stop-1")
    wait_until("TRAINED", lambda: status(client, named) == "TRAINED")
    again = client.start_model(**start)["Status"]
    after_again = status(client, named)
    other = refusal(client.start_model, **{**start, "MinInferenceUnits": 2})
    really = client.start_model(**{**start, "ClientToken": "second"})["Status"]

    assert (again, after_again) == ("STARTING_HOSTING", "TRAINED")
    assert other["Code"] == "ValidationException"
    assert really == "STARTING_HOSTING"
    wait_until("HOSTED", lambda: status(client, named) == "HOSTED")


def test_a_lost_reply_closes_the_connection(client: Any, simulated: RunningSimulatedModel) -> None:
    named = model(simulated, lost_replies=1)

    with pytest.raises(ConnectionClosedError):
        client.start_model(**named, MinInferenceUnits=1, ClientToken="lost")

    assert client.start_model(**named, MinInferenceUnits=1, ClientToken="lost")["Status"] == "STARTING_HOSTING"


def test_a_token_counts_for_eight_hours_from_the_call_that_took_effect() -> None:
    book, number = TokenBook(), itertools.count(1)

    def refused() -> dict[str, Any]:
        raise ServiceError("ConflictException", "not now")

    def call() -> dict[str, Any]:
        return {"number": next(number)}

    with pytest.raises(ServiceError):
        book.once("t", "same", 0.0, refused)
    replies = [book.once("t", "same", 1 + now_s, call) for now_s in (0.0, TOKEN_KEPT_S - 1, TOKEN_KEPT_S)]

    assert replies == [{"number": 1}, {"number": 1}, {"number": 2}]
