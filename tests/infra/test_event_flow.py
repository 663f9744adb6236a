"""No rule that EventBridge would refuse, and no function that feeds itself; and the checks see both."""

import copy
from typing import Any

import pytest

from tests.infra.deployments import EVERYTHING, MODEL, STARTS_BY_ITSELF
from tests.infra.event_flow import complex_rules, self_feeding_functions
from tests.infra.synth import template

# A dozen triggers, of which some have the longest prefix there may be.
MANY = {
    "uploadTriggers": [
        {"prefix": f"{number:x}".rjust(length, "a") + "/", "input": {"modelArn": MODEL}}
        for number, length in enumerate([1, 2, 16, 255] * 3, start=16)
    ]
}
CONTEXTS = {"default": {}, "starts by itself": STARTS_BY_ITSELF, "everything": EVERYTHING, "many": MANY}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_eventbridge_takes_every_rule(context: dict[str, Any]) -> None:
    assert complex_rules(template(**context)) == []


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_no_function_may_send_to_a_queue_that_feeds_it(context: dict[str, Any]) -> None:
    assert template(**context)["Resources"]
    assert self_feeding_functions(template(**context)) == []


def the_one(changed: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    (found,) = (
        resource["Properties"]
        for logical_id, resource in changed["Resources"].items()
        if resource["Type"] == kind and logical_id.startswith(name)
    )
    return dict(found)


@pytest.fixture
def changed() -> dict[str, Any]:
    return copy.deepcopy(template(**STARTS_BY_ITSELF))


SUFFIXES = ("jpg", "jpeg", "png", "JPG", "JPEG", "PNG")


@pytest.mark.parametrize(
    ("key", "is_refused"),
    [
        ([{"wildcard": f"samples/*.{suffix}"} for suffix in SUFFIXES], True),
        ([{"wildcard": f"samples/*.{suffix}"} for suffix in SUFFIXES[:3]], False),
        ([{"anything-but": {"wildcard": f"samples/*.{suffix}"}} for suffix in SUFFIXES[:4]], True),
        ([{"prefix": f"{number}/"} for number in range(9)], False),
    ],
    ids=["six wildcards", "three", "four that must not match", "prefixes"],
)
def test_a_rule_with_too_many_wildcards_on_a_field_is_seen(
    changed: dict[str, Any], key: list[Any], is_refused: bool
) -> None:
    the_one(changed, "AWS::Events::Rule", "TriggersUploads")["EventPattern"]["detail"]["object"]["key"] = key

    assert bool(complex_rules(changed)) is is_refused


@pytest.mark.parametrize("action", ["sqs:SendMessage", "sqs:Send*", "sqs:*", "*"])
@pytest.mark.parametrize("resource", ["the queue", "*"])
def test_a_function_that_may_send_to_its_queue_is_seen(changed: dict[str, Any], action: str, resource: str) -> None:
    queue = the_one(changed, "AWS::Lambda::EventSourceMapping", "TriggersUploads")["EventSourceArn"]
    policy = the_one(changed, "AWS::IAM::Policy", "FunctionsStartAfterUploads")["PolicyDocument"]
    policy["Statement"].append(
        {"Effect": "Allow", "Action": action, "Resource": queue if resource == "the queue" else "*"}
    )

    (found,) = self_feeding_functions(changed)
    assert found.startswith("FunctionsStartAfterUploads")


def test_a_function_that_may_have_another_role_send_to_its_queue_is_seen(changed: dict[str, Any]) -> None:
    """Like that of a schedule."""
    queue = the_one(changed, "AWS::Lambda::EventSourceMapping", "TriggersUploads")["EventSourceArn"]
    role = next(name for name in changed["Resources"] if name.startswith("TriggersSchedulesRole"))
    own = the_one(changed, "AWS::IAM::Policy", "FunctionsStartAfterUploads")["PolicyDocument"]
    other = the_one(changed, "AWS::IAM::Policy", "TriggersSchedules")["PolicyDocument"]
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": [role, "Arn"]}}
    other["Statement"].append({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue})
    without_passing = self_feeding_functions(changed)

    own["Statement"].append(passing)

    assert without_passing == []
    assert len(self_feeding_functions(changed)) == 1
