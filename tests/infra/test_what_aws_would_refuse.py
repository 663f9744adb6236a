"""The template by AWS's own rules: CloudFormation's schemas in each Region, the States Language, IAM's reference.

What is found here would be refused on deployment, or denied in a run. One file, so that the templates are made once.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deployments import EVERYTHING, MODEL, REGIONS, STARTS_BY_ITSELF
from tests.infra.iam_reference import faults
from tests.infra.synth import REPOSITORY, definition, definitions, template

Template = dict[str, Any]
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": EVERYTHING,
    "named models": {**STARTS_BY_ITSELF, "modelArns": [MODEL], "imagePrefixes": "samples/"},
}


def refused(of: Template, regions: list[str]) -> set[str]:
    """The rules of CloudFormation that the template breaks in any of these Regions; warnings are none."""
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    found = lint(json.dumps(of), config=ManualArgs(regions=regions))
    return {f"{match.rule.id} {match.message}" for match in found if match.rule.id.startswith("E")}


# The third one has no resource that the first two have not.
def test_cloudformation_takes_everything_in_every_region() -> None:
    assert refused(template(**EVERYTHING), REGIONS) == set()


def test_cloudformation_takes_the_default_template() -> None:
    assert refused(template(), REGIONS[:1]) == set()


def broken(break_it: Callable[[dict[str, Any]], None], kind: str) -> Template:
    """The default template's first resource of this type alone, broken."""
    chosen = next(each for each in template()["Resources"].values() if each["Type"] == kind)
    copied: dict[str, Any] = copy.deepcopy(chosen)
    break_it(copied["Properties"])
    return {"Resources": {"Broken": copied}}


@pytest.mark.parametrize(
    ("kind", "break_it", "rule"),
    [
        ("AWS::Lambda::Function", lambda of: of.update(Runtme="python3.13"), "E3002"),
        ("AWS::SQS::Queue", lambda of: of.update(MessageRetentionPeriod=10**7), "E3034"),
        ("AWS::Logs::LogGroup", lambda of: of.update(RetentionInDays=31), "E3030"),
    ],
)
def test_a_template_that_cloudformation_would_refuse_is_found(
    kind: str, break_it: Callable[[dict[str, Any]], None], rule: str
) -> None:
    assert any(found.startswith(rule) for found in refused(broken(break_it, kind), REGIONS[:1]))


def invalid(machines: list[dict[str, Any]], folder: Path) -> str:
    """What the States Language has against these definitions; empty: nothing."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert node is not None, "run `make setup`"
    options = []
    for number, machine in enumerate(machines):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(machine).replace("<AWS::Partition>", "aws"), "utf-8")
        options += ["--json-path", str(path)]
    validator = REPOSITORY / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
    done = subprocess.run(
        [node, str(validator), *options], capture_output=True, encoding="utf-8", check=False, cwd=folder
    )
    assert done.returncode in (0, 1), done.stderr
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_state_machines_are_valid_in_the_states_language(tmp_path: Path) -> None:
    machines = [machine for context in VARIANTS.values() for machine in definitions(**context)]

    assert len(machines) >= len(VARIANTS)
    assert invalid(machines, tmp_path) == ""


def _no_such_state(machine: dict[str, Any]) -> None:
    machine["States"]["Begin"]["Next"] = "Nowhere"


def _no_such_field(machine: dict[str, Any]) -> None:
    machine["States"]["Begin"]["Asign"] = {}


def _no_json_path(machine: dict[str, Any]) -> None:
    (branch,) = machine["States"]["Measure"]["Branches"]
    branch["States"]["Workers"]["ItemsPath"] = "workers["


def test_state_machines_that_step_functions_would_refuse_are_found(tmp_path: Path) -> None:
    machines = [definition() for _ in range(3)]
    for machine, break_it in zip(machines, (_no_such_state, _no_such_field, _no_json_path), strict=True):
        break_it(machine)

    assert invalid(machines, tmp_path).count('.json" is invalid') == len(machines)


@pytest.mark.parametrize("context", VARIANTS.values(), ids=VARIANTS)
def test_every_action_exists_and_can_be_done_to_its_resource(context: dict[str, Any]) -> None:
    assert faults(template(**context)) == []


@pytest.mark.parametrize(
    ("action", "resource", "fault"),
    [
        ("dynamodb:ReadItem", "*", "no such action: dynamodb:ReadItem"),
        ("rekogniton:DetectCustomLabels", "*", "no such action: rekogniton:DetectCustomLabels"),
        ("s3:PutObject", "arn:aws:s3:::bucket", "s3:PutObject on none of"),
        ("s3:ListBucket", "arn:aws:s3:::bucket/*", "s3:ListBucket on none of"),
        ("cloudwatch:GetMetricData", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a", "on none of"),
        ("rekognition:StartProjectVersion", "arn:aws:rekognition:us-east-1:123456789012:project/p/1", "on none of"),
        ("states:StopExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:m", "on none of"),
        (["sqs:SendMessage", "sns:Publish"], "arn:aws:sqs:us-east-1:123456789012:q", "sns:Publish on none"),
    ],
)
def test_a_right_that_would_allow_nothing_is_found(action: str | list[str], resource: str, fault: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}

    found = faults({"Resources": {"P": policy}})

    assert any(fault in each for each in found)
