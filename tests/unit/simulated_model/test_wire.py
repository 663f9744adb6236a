"""An unchanged boto3 client against the running server."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from bench.wire.throughput_check import signed_request
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth, TruthError
from local.simulated_model.process import running_simulated_model
from simulation.samples.pictures import jpeg, png
from tests.waiting import wait_until

from .conftest import client_of

FAST: dict[str, Any] = {"tps_per_iu": 1000.0, "latency_mean_s": 0.001}
QUICK_LIFE: dict[str, Any] = {"start_s": 0.4, "stop_s": 0.3}


def running_model(simulated, **truth) -> str:
    return simulated.add_model(ModelSetup(truth=ModelTruth(**{**FAST, **truth}), status="RUNNING"))["modelArn"]


def refusal(call, **arguments) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    reply = caught.value.response
    assert reply["ResponseMetadata"]["RetryAttempts"] == 0
    assert reply["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    return reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]


def status_of(client, names) -> str:
    pages = client.get_paginator("describe_project_versions").paginate(
        ProjectArn=names["projectArn"], VersionNames=[names["version"]]
    )
    (version,) = [each for page in pages for each in page["ProjectVersionDescriptions"]]
    assert version["ProjectVersionArn"] == names["modelArn"]
    return version["Status"]


def wait_for(client, names, status) -> None:
    wait_until(status, lambda: status_of(client, names) == status)


def test_a_model_starts_detects_stops_and_reports_its_life(simulated, client):
    names = simulated.add_model(ModelTruth(**FAST, **QUICK_LIFE))
    arn = names["modelArn"]

    before = refusal(client.detect_custom_labels, ProjectVersionArn=arn, Image={"Bytes": jpeg()})
    started = client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=2)["Status"]
    again = refusal(client.start_project_version, ProjectVersionArn=arn, MinInferenceUnits=2)
    wait_for(client, names, "RUNNING")
    all_labels = client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": png()}, MinConfidence=0)
    one = client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": png()}, MaxResults=1)
    sure = client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": png()}, MinConfidence=99)
    stopping = client.stop_project_version(ProjectVersionArn=arn)["Status"]
    wait_for(client, names, "STOPPED")
    stopped_again = refusal(client.stop_project_version, ProjectVersionArn=arn)

    assert before == ("ResourceNotReadyException", 400)
    assert (started, stopping) == ("STARTING", "STOPPING")
    assert again == stopped_again == ("ResourceInUseException", 400)
    assert one["CustomLabels"] == all_labels["CustomLabels"][:1]
    assert sure["CustomLabels"] == []
    report = simulated.model_report(arn)
    assert [each["to"] for each in report["transitions"]] == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
    ran_s = report["transitions"][2]["at"] - report["transitions"][1]["at"]
    assert report["inferenceUnitSecondsBilled"] == pytest.approx(2 * ran_s)
    assert report["totals"]["failures"] == {"ResourceNotReadyException": 1}
    assert report["calls"] == {"StartProjectVersion": 2, "StopProjectVersion": 2}
    mine = [each for each in simulated.report()["callLog"] if each["modelArn"] == arn]
    assert [(each["operation"], each["outcome"]) for each in mine] == [
        ("DetectCustomLabels", "seen"),
        ("StartProjectVersion", "ok"),
        ("StartProjectVersion", "ResourceInUseException"),
        ("DetectCustomLabels", "seen"),
        ("StopProjectVersion", "ok"),
        ("StopProjectVersion", "ResourceInUseException"),
    ]


def test_the_call_log_tells_which_access_key_called(simulated):
    names = simulated.add_model(ModelSetup(truth=ModelTruth(**FAST), status="RUNNING"))
    arn = names["modelArn"]
    looking, one, other = (client_of(simulated, aws_access_key_id=key) for key in ("ASIALOOK", "ASIAONE", "ASIAOTHER"))

    for sender in (one, other, one):
        sender.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": png()})
    looking.describe_project_versions(ProjectArn=names["projectArn"])
    looking.stop_project_version(ProjectVersionArn=arn)

    log = simulated.report()["callLog"]
    assert [(each["operation"], each["accessKeyId"], each["count"]) for each in log[-4:]] == [
        ("DetectCustomLabels", "ASIAONE", 2),
        ("DetectCustomLabels", "ASIAOTHER", 1),
        ("DescribeProjectVersions", "ASIALOOK", 1),
        ("StopProjectVersion", "ASIALOOK", 1),
    ]


def test_a_model_tells_the_units_it_was_last_started_with(simulated, client):
    names = simulated.add_model(
        ModelSetup(truth=ModelTruth(**QUICK_LIFE), status="RUNNING", inference_units=1, max_inference_units=4)
    )

    def units() -> tuple[int | None, int | None]:
        (version,) = client.describe_project_versions(ProjectArn=names["projectArn"])["ProjectVersionDescriptions"]
        return version.get("MinInferenceUnits"), version.get("MaxInferenceUnits")

    found = units()
    client.stop_project_version(ProjectVersionArn=names["modelArn"])
    wait_for(client, names, "STOPPED")
    client.start_project_version(ProjectVersionArn=names["modelArn"], MinInferenceUnits=2, MaxInferenceUnits=3)
    wait_for(client, names, "RUNNING")
    restored = units()
    client.stop_project_version(ProjectVersionArn=names["modelArn"])
    wait_for(client, names, "STOPPED")
    client.start_project_version(ProjectVersionArn=names["modelArn"], MinInferenceUnits=1)

    assert (found, restored, units()) == ((1, 4), (2, 3), (1, None))


def test_projects_and_versions_come_in_pages(simulated, client):
    arns = {
        simulated.add_model(ModelSetup(project="paged", version=f"paged.{number}"))["modelArn"] for number in range(5)
    }
    (project,) = client.describe_projects(ProjectNames=["paged"])["ProjectDescriptions"]

    pages = list(
        client.get_paginator("describe_project_versions").paginate(
            ProjectArn=project["ProjectArn"], PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["ProjectVersionDescriptions"]) for page in pages] == [2, 2, 1]
    assert {each["ProjectVersionArn"] for page in pages for each in page["ProjectVersionDescriptions"]} == arns
    assert client.describe_projects(ProjectNames=["nobody"])["ProjectDescriptions"] == []
    assert project["ProjectArn"].split("/")[-1] not in {arn.split("/")[-1] for arn in arns}
    assert (
        refusal(client.describe_project_versions, ProjectArn=project["ProjectArn"], NextToken="2")[0]
        == "InvalidPaginationTokenException"
    )


ARN = "arn:aws:rekognition:us-east-1:000000000000:project/nobody/version/v1/1615476219000"
PROJECT = "arn:aws:rekognition:us-east-1:000000000000:project/nobody/1615476219000"


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("describe_project_versions", {"ProjectArn": PROJECT}, "ResourceNotFoundException"),
        ("describe_project_versions", {"ProjectArn": ARN}, "ValidationException"),
        ("describe_projects", {"MaxResults": 101}, "ValidationException"),
        ("start_project_version", {"ProjectVersionArn": ARN, "MinInferenceUnits": 1}, "ResourceNotFoundException"),
        ("start_project_version", {"ProjectVersionArn": PROJECT, "MinInferenceUnits": 1}, "ValidationException"),
        (
            "start_project_version",
            {"ProjectVersionArn": ARN, "MinInferenceUnits": 2, "MaxInferenceUnits": 1},
            "InvalidParameterException",
        ),
        ("stop_project_version", {"ProjectVersionArn": ARN}, "ResourceNotFoundException"),
        ("detect_custom_labels", {"ProjectVersionArn": ARN, "Image": {"Bytes": jpeg()}}, "ResourceNotFoundException"),
        ("list_collections", {}, "UnknownOperationException"),
    ],
)
def test_calls_that_are_refused(client, operation, arguments, code):
    assert refusal(getattr(client, operation), **arguments) == (code, 400)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"Image": {"Bytes": b"GIF89a"}}, "InvalidImageFormatException"),
        ({"Image": {"Bytes": jpeg(size=4 * 1024**2 + 1)}}, "ImageTooLargeException"),
        ({"Image": {"Bytes": jpeg(size=15 * 1024**2)}}, "ImageTooLargeException"),
        ({"Image": {"Bytes": jpeg(30, 30)}}, "InvalidParameterException"),
        ({"Image": {}}, "InvalidParameterException"),
        ({"Image": {"Bytes": jpeg(), "S3Object": {"Bucket": "abc", "Name": "b"}}}, "InvalidParameterException"),
        ({"Image": {"S3Object": {"Bucket": "abc"}}}, "InvalidParameterException"),
        ({"Image": {"Bytes": jpeg()}, "MinConfidence": 101.0}, "ValidationException"),
    ],
)
def test_images_that_are_refused_are_booked_by_name(simulated, client, arguments, code):
    arn = running_model(simulated)

    assert refusal(client.detect_custom_labels, ProjectVersionArn=arn, **arguments) == (code, 400)


def test_more_units_than_the_quota(simulated, client):
    arn = simulated.add_model(ModelTruth())["modelArn"]

    refused = refusal(client.start_project_version, ProjectVersionArn=arn, MinInferenceUnits=6)

    assert refused == ("LimitExceededException", 400)


@pytest.mark.parametrize(
    ("truth", "code", "message", "http_status", "booked"),
    [
        (
            {"tps_per_iu": 0.01},
            "ProvisionedThroughputExceededException",
            "Provisioned Rate exceeded.",
            400,
            "throttled",
        ),
        ({"account_tps": 0.01}, "ThrottlingException", "Rate exceeded", 400, "failed"),
        (
            {"account_tps": 0.01, "account_error": "SuddenIncrease"},
            "ThrottlingException",
            "Slow down; sudden",
            400,
            "failed",
        ),
        (
            {"account_tps": 0.01, "account_error": "ProvisionedThroughputExceededException"},
            "ProvisionedThroughputExceededException",
            "Provisioned Rate exceeded.",
            400,
            "throttled",
        ),
        ({"random_500_share": 1.0}, "InternalServerError", "Internal server error", 500, "failed"),
    ],
)
def test_what_the_data_plane_answers(simulated, client, truth, code, message, http_status, booked):
    arn = running_model(simulated, **truth)

    # The credit of a bucket is two tokens at least.
    errors = []
    for _ in range(4):
        try:
            client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg()})
        except ClientError as error:
            errors.append(error.response)

    assert errors[-1]["Error"]["Code"] == code
    assert errors[-1]["Error"]["Message"].startswith(message)
    assert errors[-1]["ResponseMetadata"]["HTTPStatusCode"] == http_status
    totals = simulated.model_report(arn)["totals"]
    assert totals[booked] == len(errors)
    assert totals["failures"] == ({} if booked == "throttled" else {code: len(errors)})


def test_a_connection_that_is_reset(simulated, client):
    arn = running_model(simulated, reset_share=1.0)

    with pytest.raises(ConnectionClosedError):
        client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg()})

    assert simulated.model_report(arn)["totals"]["failures"] == {"ConnectionReset": 1}


def test_a_reset_is_a_reset_on_the_wire(simulated):
    arn = running_model(simulated, reset_share=1.0)
    address = simulated.url.removeprefix("http://").split(":")

    with socket.create_connection((address[0], int(address[1])), timeout=60) as connection:
        connection.sendall(signed_request(simulated.url, arn, jpeg()))
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_a_request_that_hangs_until_its_client_leaves(simulated):
    arn = running_model(simulated, hang_share=1.0)
    impatient = client_of(simulated, Config(retries={"total_max_attempts": 1}, read_timeout=0.5))

    with pytest.raises(ReadTimeoutError):
        impatient.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg()})

    wait_until("nothing in flight", lambda: not simulated.model_report(arn)["totals"]["inFlight"])
    totals = simulated.model_report(arn)["totals"]
    assert (totals["sent"], totals["failures"]) == (1, {"ClientLeft": 1})


def test_lost_replies_are_of_calls_that_happened(simulated, client):
    names = simulated.add_model(ModelTruth(lost_replies=1, **QUICK_LIFE))
    arn = names["modelArn"]

    with pytest.raises(ConnectionClosedError):
        client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    wait_for(client, names, "RUNNING")
    with pytest.raises(ConnectionClosedError):
        client.stop_project_version(ProjectVersionArn=arn)
    wait_for(client, names, "STOPPED")

    log = [each["outcome"] for each in simulated.report()["callLog"] if each["modelArn"] == arn]
    assert log == ["reply lost", "reply lost"]


def test_a_start_that_fails_and_a_stop_that_fails(simulated, client):
    failing = simulated.add_model(ModelTruth(start_fails=1, start_s=0.2))
    stubborn = simulated.add_model(ModelSetup(truth=ModelTruth(stop_fails=1), status="RUNNING"))

    client.start_project_version(ProjectVersionArn=failing["modelArn"], MinInferenceUnits=1)

    wait_for(client, failing, "FAILED")
    stop = client.stop_project_version
    assert refusal(stop, ProjectVersionArn=stubborn["modelArn"]) == ("InternalServerError", 500)
    assert stop(ProjectVersionArn=stubborn["modelArn"])["Status"] == "STOPPING"


def test_a_signature_for_another_region_is_refused(simulated):
    arn = running_model(simulated)
    image = {"ProjectVersionArn": arn, "Image": {"Bytes": jpeg()}}
    wrong_region = client_of(simulated, region_name="eu-west-1")
    session = client_of(simulated, aws_access_key_id="ASIAUNKNOWN", aws_session_token="token")

    assert refusal(wrong_region.describe_projects) == ("InvalidSignatureException", 400)
    assert session.detect_custom_labels(**image)["CustomLabels"]
    assert simulated.model_report(arn)["totals"]["sent"] == 1
    assert simulated.report()["refusedRequests"]["InvalidSignatureException"] >= 1


def test_an_error_s_body_and_headers_are_the_service_s(simulated):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"X-Amz-Target": "RekognitionService.DescribeProjects", "Content-Type": "application/x-amz-json-1.1"}
    request = urllib.request.Request(simulated.url, data=b"{}", headers=headers)

    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(request)

    body = json.loads(caught.value.read())
    assert sorted(body) == ["Code", "Logref", "Message", "__type"]
    assert body["__type"] == body["Code"] == "MissingAuthenticationTokenException"
    assert caught.value.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert caught.value.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_the_report_agrees_with_the_client_s_own_counts(simulated, client):
    arn = running_model(simulated, tps_per_iu=40.0, latency_mean_s=0.02, random_500_share=0.05, reset_share=0.02)
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def send(number: int) -> None:
        try:
            client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg(size=50_000, filling=number % 3)})
            outcome = "accepted"
        except ClientError as error:
            throttled = error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
            outcome = "throttled" if throttled else error.response["Error"]["Code"]
        except ConnectionClosedError:
            outcome = "ConnectionReset"
        with lock:
            counts[outcome] += 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(400)))

    report = simulated.model_report(arn)
    totals = report["totals"]
    assert totals["sent"] == 400 == totals["accepted"] + totals["throttled"] + totals["failed"]
    seen = {"accepted": totals["accepted"], "throttled": totals["throttled"], **totals["failures"]}
    assert seen == dict(counts)
    assert min(seen.values()) > 0
    for name in ("accepted", "throttled", "failed"):
        assert sum(second[name] for second in report["perSecond"].values()) == totals[name]
    assert (report["trueTps"], report["repeatedAttempts"], report["differentImages"]) == (40.0, 0, 3)


def test_hidden_retries_of_a_client_show_in_the_report(simulated):
    arn = running_model(simulated, random_500_share=1.0)
    retrying = client_of(simulated, Config(retries={"mode": "standard", "total_max_attempts": 3}))

    with pytest.raises(ClientError):
        retrying.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg()})

    report = simulated.model_report(arn)
    assert (report["totals"]["sent"], report["repeatedAttempts"]) == (3, 2)


def test_the_mean_cost_of_the_images_sent_enters_a_pool_s_truth(simulated, client):
    arn = running_model(simulated, tps_per_iu=100.0, limiter="executor_pool", image_cost_cv=0.8, latency_mean_s=0.05)

    for filling in range(4):
        client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": jpeg(filling=filling)})

    report = simulated.model_report(arn)
    assert report["meanImageCost"] != 1.0
    assert report["trueTps"] == pytest.approx(100.0 / report["meanImageCost"])


def test_a_truth_that_can_t_be_is_refused(simulated):
    with pytest.raises(TruthError, match="status: got 'ASLEEP'"):
        ModelSetup(status="ASLEEP")
    simulated.add_model(ModelSetup(project="twice", version="v1"))
    with pytest.raises(ValueError, match="project twice has a version v1 already"):
        simulated.add_model(ModelSetup(project="twice", version="v1"))


def test_a_server_that_can_t_start_says_why():
    # An address kept for documentation: no machine has it.
    with pytest.raises(RuntimeError, match=r"192\.0\.2\.1"), running_simulated_model([], host="192.0.2.1"):
        pass


def test_a_server_ends_when_told_to():
    with running_simulated_model([ModelTruth()]) as running:
        assert running.model_report()["status"] == "STOPPED"

    with pytest.raises(OSError, match="refused"):
        running.report()
