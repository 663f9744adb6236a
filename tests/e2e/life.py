"""A deployment's whole life: runs ended from outside, with and without the rule that tells of it, images uploaded,
the stack deleted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.e2e.scenarios import NOWHERE
from tests.support.aws import instrumented_aws
from tests.support.deployment import Deployment, deployed
from tests.support.rights import Call, Right, Roles
from tests.support.turns import Turns
from tests.waiting import wait_until

STACK = "InferenceUnitTuner"


@dataclass(frozen=True)
class Seen:
    """All that was allowed, done and denied, in both deployments; resources by their names in the template."""

    rights: set[Right]
    calls: set[Call]
    denied: set[Call]


def whole_life(journal: Path, turns: Turns) -> Seen:
    """From the deployment to the deletion of the stack, and all that was called and allowed meanwhile."""
    trigger = {"prefix": "uploads/", "settleSeconds": 1, "input": {"modelArn": NOWHERE}}
    with instrumented_aws(journal) as aws, deployed(aws, uploadTriggers=[trigger]) as app:
        life = Life(app)
        with turns.loading(2):
            life.play()
        roles = Roles.of(aws)
        with turns.loading():
            life.end()
        calls, denied = roles.calls(journal, app.service.report()["callLog"])
    return Seen(set(roles.rights), calls, denied)


@dataclass(frozen=True)
class Life:
    """What happens to a deployment, from the first run to the deletion."""

    app: Deployment

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
        wait_until("a run that holds its model", lambda: self.was_restarted(restored))
        self.app.start("skipped", {"modelArn": restored})
        by_rule = self.start("ProbeImages-aborted")
        by_janitor = self.start("ProbeImages-aborted-norule")
        wait_until("runs under way", lambda: self.was_restarted(by_rule) and self.was_restarted(by_janitor))
        wait_until("ReleaseOrphanedModel", lambda: self.is_settled(by_rule))
        wait_until("Janitor", lambda: self.is_cleaned_up(by_janitor))
        wait_until("the run that nobody ends", lambda: self.is_settled(restored))
        wait_until("the run that the uploads started", self.uploads_have_run)

    def end(self) -> None:
        """Delete the stack while a run is on; the rule does not hear of the run's end."""
        model = self.start("Recommend-aborted-norule")
        wait_until("a run under way", lambda: self.units(model) == 1)
        self.app.aws.client("cloudformation").delete_stack(StackName=STACK)
        wait_until("the end of the stack", self.is_deleted)
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

    def is_cleaned_up(self, model_arn: str) -> bool:
        """After the janitor was called once more."""
        functions = self.app.aws.client("lambda").list_functions()["Functions"]
        (janitor,) = (each["FunctionName"] for each in functions if "Janitor" in each["FunctionName"])
        self.app.aws.client("lambda").invoke(FunctionName=janitor, Payload=json.dumps({}))
        return self.is_settled(model_arn)

    def was_restarted(self, model_arn: str) -> bool:
        """Has a run begun to make it run with less?"""
        return bool(self.app.service.model_report(model_arn)["transitions"])

    def is_settled(self, model_arn: str) -> bool:
        return self.units(model_arn) == 2 and self.app.lease(model_arn) is None

    def units(self, model_arn: str) -> int | None:
        """The inference units that it runs with; None while it does not run."""
        model: dict[str, Any] = self.app.service.model_report(model_arn)
        return model["minInferenceUnits"] if model["status"] == "RUNNING" else None
