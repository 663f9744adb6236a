"""Every Lambda does only what its role allows, and its role allows only what it does.

The calls are those of the runs that all end-to-end tests look at, and of one more deployment's whole life:
runs ended from outside, with and without the rule that tells of it, images uploaded, the stack deleted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.simulated_model.account import ModelSetup
from local.simulated_model.truth import ModelTruth
from tests.e2e.conftest import Deployment, Execution
from tests.e2e.scenarios import NOWHERE
from tests.embedded.aws import instrumented_aws
from tests.embedded.deployment import Deployment as AnyDeployment
from tests.embedded.deployment import deployed
from tests.embedded.rights import Call, Right, Roles

STACK = "InferenceUnitTuner"
LONGEST_S = 90
BY_RUNTIME = "the Lambda service writes logs and traces; the embedded AWS does so without asking IAM"
BY_POLLER = "the Lambda service polls the queue; the embedded AWS does so without asking IAM"
BY_SNS = (
    "SNS encrypts a message with the rights of its publisher; the embedded AWS does so without asking IAM"
)
NO_QUOTAS = "the embedded AWS has no Service Quotas, and answers nothing"
# (Lambda or "every", action) -> why the role allows what was never seen.
UNSEEN = {
    ("every", "logs:CreateLogStream"): BY_RUNTIME,
    ("every", "logs:PutLogEvents"): BY_RUNTIME,
    ("every", "xray:PutTraceSegments"): BY_RUNTIME,
    ("every", "xray:PutTelemetryRecords"): BY_RUNTIME,
    ("every", "sqs:ReceiveMessage"): BY_POLLER,
    ("every", "sqs:DeleteMessage"): BY_POLLER,
    ("every", "sqs:GetQueueAttributes"): BY_POLLER,
    ("every", "kms:Decrypt"): BY_SNS,
    ("every", "kms:GenerateDataKey"): BY_SNS,
    ("every", "sqs:GetQueueUrl"): "the CDK grants it with the polling",
    ("Prepare", "dynamodb:DeleteItem"): "only when the stack is being deleted at this very moment",
    ("RescueModel", "dynamodb:Scan"): "only for an execution whose input is too large for its event",
    ("Prepare", "servicequotas:ListServiceQuotas"): NO_QUOTAS,
    ("Prepare", "servicequotas:ListAWSDefaultServiceQuotas"): NO_QUOTAS,
    ("Recommend", "servicequotas:ListServiceQuotas"): NO_QUOTAS,
}


@dataclass(frozen=True)
class Seen:
    """All that was allowed, done and denied, in both deployments; resources by their names in the template."""

    rights: set[Right]
    calls: set[Call]
    denied: set[Call]


@pytest.fixture(scope="module")
def seen(
    deployment: Deployment, executions: dict[str, Execution], tmp_path_factory: pytest.TempPathFactory
) -> Seen:
    assert executions
    roles = Roles.of(deployment.aws)
    calls, denied = roles.calls(deployment.journal, deployment.service.report()["callLog"])
    rare = whole_life(tmp_path_factory.mktemp("least-privilege") / "journal")
    return Seen(set(roles.rights) | rare.rights, calls | rare.calls, denied | rare.denied)


def whole_life(journal: Path) -> Seen:
    trigger = {"prefix": "uploads/", "settleSeconds": 1, "input": {"modelArn": NOWHERE}}
    with instrumented_aws(journal) as aws, deployed(aws, uploadTriggers=[trigger]) as app:
        life = Life(app)
        life.play()
        roles = Roles.of(aws)
        life.end()
        calls, denied = roles.calls(journal, app.service.report()["callLog"])
    return Seen(set(roles.rights), calls, denied)


@dataclass(frozen=True)
class Life:
    """What happens to a deployment, from the first run to the deletion."""

    app: AnyDeployment

    def start(self, name: str) -> str:
        """A run that finds its model running, starts it with less, and owes it its former inference units."""
        setup = ModelSetup(truth=ModelTruth(start_s=1.0, stop_s=0.5), status="RUNNING", inference_units=2)
        model = str(self.app.service.add_model(setup)["modelArn"])
        more = {"afterRun": "restore", "test": {"mode": "quick", "inferenceUnits": 1}}
        self.app.start(name, {"modelArn": model, **more})
        return model

    def play(self) -> None:
        self.upload()
        restored = self.start("restored")
        by_rule = self.start("ProbeImages-aborted")
        by_janitor = self.start("ProbeImages-aborted-norule")
        models = (restored, by_rule, by_janitor)
        wait_for("runs under way", lambda: all(self.app.lease(model) for model in models))
        self.app.start("skipped", {"modelArn": restored})
        wait_for("RescueModel", lambda: self.is_settled(by_rule))
        wait_for("Janitor", lambda: self.clean() or self.is_settled(by_janitor))
        wait_for("the run that nobody ends", lambda: self.is_settled(restored))

        wait_for("the run that the uploads started", self.uploads_have_run)

    def end(self) -> None:
        """Delete the stack while a run is on; the rule does not hear of the run's end."""
        model = self.start("Recommend-aborted-norule")
        wait_for("a run under way", lambda: self.units(model) == 1)
        self.app.aws.client("cloudformation").delete_stack(StackName=STACK)
        wait_for("the end of the stack", self.is_deleted)
        assert self.units(model) == 2

    def is_deleted(self) -> bool:
        stacks = self.app.aws.client("cloudformation").list_stacks(StackStatusFilter=["DELETE_COMPLETE"])
        return any(stack["StackName"] == STACK for stack in stacks["StackSummaries"])

    def upload(self) -> None:
        for number in range(3):
            key = f"uploads/{number}.jpg"
            self.app.aws.client("s3").put_object(Bucket=self.app.outputs.image_bucket, Key=key, Body=b"jpg")

    def uploads_have_run(self) -> bool:
        machine = self.app.outputs.state_machine_arn
        runs = self.app.aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return any(run["name"].startswith("upload-") and run["status"] != "RUNNING" for run in runs)

    def clean(self) -> None:
        functions = self.app.aws.client("lambda").list_functions()["Functions"]
        (janitor,) = (each["FunctionName"] for each in functions if "Janitor" in each["FunctionName"])
        self.app.aws.client("lambda").invoke(FunctionName=janitor, Payload=json.dumps({}))

    def is_settled(self, model_arn: str) -> bool:
        return self.units(model_arn) == 2 and self.app.lease(model_arn) is None

    def units(self, model_arn: str) -> int | None:
        """The inference units that it runs with; None while it does not run."""
        model: dict[str, Any] = self.app.service.model_report(model_arn)
        return model["minInferenceUnits"] if model["status"] == "RUNNING" else None


def wait_for(what: str, is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < deadline, f"not within {LONGEST_S} s: {what}"
        time.sleep(0.5)


def is_excused(right: Right) -> bool:
    return any((function, right.action) in UNSEEN for function in ("every", right.function))


def test_every_call_is_allowed(seen: Seen) -> None:
    strays = {call for call in seen.calls if not any(right.covers(call) for right in seen.rights)}

    assert seen.calls
    assert sorted(strays) == []
    assert sorted(seen.denied) == []


def test_every_right_was_used_or_has_its_reason(seen: Seen) -> None:
    unused = {right for right in seen.rights if not any(right.covers(call) for call in seen.calls)}

    assert sorted(right for right in unused if not is_excused(right)) == []


def test_every_reason_is_still_needed(seen: Seen) -> None:
    unused = {right for right in seen.rights if not any(right.covers(call) for call in seen.calls)}

    needed = {("every", right.action) for right in unused} | {
        (right.function, right.action) for right in unused
    }
    assert set(UNSEEN) <= needed


def test_a_call_outside_the_policies_would_be_noticed(seen: Seen) -> None:
    (publish, *_) = (right for right in seen.rights if right.action == "s3:PutObject")
    bucket = publish.resource.partition("/")[0]

    strange = Call(publish.function, "s3:PutObject", f"{bucket}/samples/report.html")

    assert not any(right.covers(strange) for right in seen.rights)
