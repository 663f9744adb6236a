"""`status` and `thresholds` against a simulated model on the wire; the stack, CloudWatch and S3 are laid out here."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from PIL import Image

from iu_tuner.cli.aws import model as model_reading
from iu_tuner.cli.aws import stack as deployed
from iu_tuner.cli.main import main
from iu_tuner.cli.models.status import ModelStatus
from iu_tuner.exit_codes import Exit
from local.simulated_model.account import ModelSetup
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from local.simulated_model.wire.evaluation import put_summary
from tests.unit.cli.aws_stub import MODEL, OUTPUTS, Aws, refused

STATUS = ModelStatus(MODEL, "RUNNING", "The model is running.", 1, 5, None, None)


@pytest.fixture(scope="module")
def service() -> Iterator[RunningSimulatedModel]:
    setups = [
        ModelSetup(project="bees", status="RUNNING", inference_units=2, max_inference_units=4),
        ModelSetup(project="wasps"),
    ]
    with running_simulated_model(setups, region="eu-west-1", account_id="123456789012") as running:
        yield running


class WithModels(Aws):
    """An AWS whose Rekognition is the simulated one, at the URL that its stack says."""

    def __init__(self, service: RunningSimulatedModel, metrics: dict[str, float] | None = None) -> None:
        super().__init__([], stack={**OUTPUTS, "RekognitionEndpointUrl": service.url})
        self.metrics = metrics
        self.summary: bytes | None = None

    def client(self, service: str, **how: Any) -> Any:
        if service == "rekognition":
            session: Any = boto3.session.Session("test", "test", region_name="eu-west-1")
            return session.client("rekognition", endpoint_url=how["endpoint_url"])
        return self

    def get_credentials(self) -> Credentials:
        return Credentials("test", "test")

    def get_metric_data(self, MetricDataQueries: list[Any], **_: Any) -> dict[str, Any]:
        if self.metrics is None:
            raise refused("AccessDenied")
        names = {each["Id"]: each["MetricStat"]["Metric"]["MetricName"] for each in MetricDataQueries}
        values = {key: [self.metrics[name]] if name in self.metrics else [] for key, name in names.items()}
        return {"MetricDataResults": [{"Id": key, "Values": each} for key, each in values.items()]}

    def put_object(self, Body: bytes, **_: Any) -> None:
        self.summary = Body

    def get_object(self, **place: str) -> dict[str, Any]:
        if self.summary is None:
            raise refused("NoSuchKey")
        return {"Body": io.BytesIO(self.summary)}


Ask = Callable[..., int]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    def invoke(aws: Aws, *arguments: str) -> int:
        monkeypatch.setattr(deployed, "open_session", lambda *_: aws)
        monkeypatch.setattr(model_reading, "open_session", lambda *_: aws)
        monkeypatch.delenv("AWS_ENDPOINT_URL_REKOGNITION", raising=False)
        return main(arguments)

    return invoke


def test_a_model_that_scales_says_so_with_its_cost_and_its_lease(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = WithModels(service, {"InServiceInferenceUnits": 2.0, "DesiredInferenceUnits": 3.0})
    aws.lease_looks = 1

    assert ask(aws, "status", service.model_arns[0]) == Exit.OK
    assert capsys.readouterr().out.splitlines() == [
        "bees/bees.2021-03-11T15.23.39 is RUNNING: The model is running.",
        "Inference units: 2 in service, 3 desired: scaling up 2 -> 3 (started with 2 to 4)",
        "Cost: $8.00 an hour (2 x $4)",
        "Lease: the run theirs has used it since ",
    ]


def test_a_stopped_model_costs_nothing_and_json_has_the_same_values(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(WithModels(service), "status", service.model_arns[1], "--json") == Exit.OK

    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "modelArn": service.model_arns[1],
        "status": "STOPPED",
        "serviceStatus": "STOPPED",
        "statusMessage": "The model is stopped.",
        "inferenceUnits": {"min": None, "max": None, "inService": None, "desired": None},
        "scaling": None,
        "usdPerHour": 0.0,
        "lease": None,
    }
    assert "Cost: nothing, as it does not run" in said.err


@pytest.mark.parametrize(
    ("in_service", "desired", "said"),
    [(3, 2, "scaling down 3 -> 2"), (2, 2, "not scaling"), (1, 5, "scaling up 1 -> 5"), (None, 2, None)],
)
def test_scaling_is_the_difference_of_desired_and_in_service(
    in_service: int | None, desired: int, said: str | None
) -> None:
    assert ModelStatus(MODEL, "RUNNING", "", 1, 5, in_service, desired).scaling == said


def test_without_cloudwatch_the_minimum_is_what_is_known() -> None:
    said = list(STATUS.sentences(4.0, None))

    assert "Inference units: 1 (started with 1 to 5; CloudWatch has no number of those in service yet)" in said
    assert "Cost: $4.00 an hour (1 x $4)" in said


@pytest.mark.parametrize("more", [[], ["--endpoint-url", "http://127.0.0.1:1"]])
def test_thresholds_are_confidences_beside_shares(
    service: RunningSimulatedModel,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    aws, model = WithModels(service), service.models[0]
    put_summary(aws, model["project"], model["version"], model["modelArn"])
    assert aws.summary is not None
    written = json.loads(aws.summary)["LabelEvaluationResults"]
    if not more:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)  # asks the stack, too

    assert ask(aws, "thresholds", model["modelArn"], "--json", *more) == Exit.OK

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert [each["assumedThreshold"] for each in told["labels"]] == [
        pytest.approx(100 * each["Metrics"]["Threshold"]) for each in written
    ]
    assert [each["precision"] for each in told["labels"]] == [each["Metrics"]["Precision"] for each in written]
    assert max(map(len, said.err.splitlines())) <= 120


@pytest.mark.parametrize("is_named", [True, False])
def test_draw_takes_the_assumed_threshold_of_each_label(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str], tmp_path: Path, is_named: bool
) -> None:
    aws, image = WithModels(service), tmp_path / "a.png"
    metrics = {"wasp": {"Threshold": 0.5}, "bee": {"Threshold": 0.9}}
    evaluation = {
        "AggregatedEvaluationResults": {},
        "LabelEvaluationResults": [{"Label": name, "Metrics": each} for name, each in metrics.items()],
    }
    aws.summary = json.dumps(evaluation).encode()
    Image.new("RGB", (64, 64)).save(image)
    named, about = (["--model", service.model_arns[0]], None) if is_named else ([], {"modelArn": service.model_arns[0]})
    found = [{"Name": name, "Confidence": 100 * share} for name in metrics for share in (0.4, 0.6, 0.95)]
    (tmp_path / "a.png.json").write_text(json.dumps({"CustomLabels": found, "Inference": about}), "utf-8")
    options = ["--thresholds", "assumed", *named, "--endpoint-url", "http://127.0.0.1:1"]

    assert ask(aws, "draw", str(image), *options, "--out", str(tmp_path / "out")) == Exit.OK
    assert "a.png: 1 bee, 2 wasp" in capsys.readouterr().out


def test_the_status_of_a_model_of_lookout_for_vision_has_the_services_own_word(
    service: RunningSimulatedModel, ask: Ask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = service.add_model(ModelSetup(service="lookoutvision", status="RUNNING"))["modelArn"]
    monkeypatch.setenv("AWS_ENDPOINT_URL_LOOKOUTVISION", service.url)

    assert ask(WithModels(service), "status", arn, "--json") == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert ask(WithModels(service), "status", f"{arn}9") == Exit.USAGE

    assert (told["status"], told["serviceStatus"], told["usdPerHour"]) == ("RUNNING", "HOSTED", 4.0)
    assert "there is no such model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "set AWS_ENDPOINT_URL_LOOKOUTVISION to a service that speaks its protocol"),
        ("thresholds", "takes a model of Rekognition Custom Labels"),
    ],
)
def test_what_lookout_for_vision_does_not_have_is_said(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    arn = "arn:aws:lookoutvision:eu-west-1:123456789012:model/boards/3"

    assert ask(WithModels(service), command, arn) == Exit.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("summary", [b"{}", b"[]", b"no JSON", b'{"LabelEvaluationResults": [{}]}', b"\xff"])
def test_a_summary_of_another_format_is_said_to_be_none(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str], summary: bytes
) -> None:
    aws = WithModels(service)
    aws.summary = summary

    assert ask(aws, "thresholds", service.model_arns[0], "--endpoint-url", "http://127.0.0.1:1") == Exit.AWS
    assert "is no summary file of Custom Labels" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "thresholds"])
@pytest.mark.parametrize(
    ("arn", "said"), [("a-model", "InvalidInput: modelArn: got"), (MODEL, "there is no such model version")]
)
def test_a_model_that_is_not_there_is_refused(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str], command: str, arn: str, said: str
) -> None:
    assert ask(WithModels(service), command, arn, "--endpoint-url", "http://127.0.0.1:1") == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_summary_that_is_not_there_is_named(
    service: RunningSimulatedModel, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = WithModels(service)

    assert ask(aws, "thresholds", service.model_arns[0], "--endpoint-url", "http://127.0.0.1:1") == Exit.AWS
    assert "the evaluation of the model, s3://custom-labels-simulated/evaluation/bees/" in capsys.readouterr().err
