"""What AWS would refuse or stop in the way events flow through a template; each check returns its findings."""

import fnmatch
from collections.abc import Iterator
from typing import Any

from tests.infra.deployments import listed
from tests.infra.synth import text

# Each further wildcard multiplies the states of EventBridge's matcher. Of rules that are in use, those with three
# wildcards on a field were accepted, and some with four refused ("Rule is too complex").
MAX_WILDCARDS = 3
_SENDING = ("sqs:sendmessage", "sqs:sendmessagebatch")

Template = dict[str, Any]


def complex_rules(template: Template) -> list[str]:
    """Fields of rules that hold more wildcards than EventBridge is sure to take, as `<rule>: <field>`."""
    return [
        f"{name}: {field}"
        for name, rule in _of_type(template, "AWS::Events::Rule")
        for field, patterns in _fields(rule.get("EventPattern", {}))
        if sum(_is_wildcard(pattern) for pattern in patterns) > MAX_WILDCARDS
    ]


def self_feeding_functions(template: Template) -> list[str]:
    """Functions that may send to a queue that feeds them, as `<function>: <queue>`; also as a role they may pass.

    Lambda stops such a loop after 16 turns.
    """
    functions = dict(_of_type(template, "AWS::Lambda::Function"))
    feeds = [
        (text(mapping["FunctionName"]).strip("<>").removesuffix(".Arn"), text(mapping["EventSourceArn"]))
        for _, mapping in _of_type(template, "AWS::Lambda::EventSourceMapping")
    ]
    return [
        f"{function}: {queue}"
        for function, queue in feeds
        if _may_send(template, text(functions[function]["Role"]), queue)
    ]


def _may_send(template: Template, role_arn: str, queue_arn: str, *, passed: bool = False) -> bool:
    statements = list(_statements(template, role_arn))
    if any(_allows(each, _SENDING, queue_arn) for each in statements):
        return True
    if any(_lets_in(policy, role_arn) for policy in _queue_policies(template, queue_arn)):
        return True
    return not passed and any(
        _allows(statement, ("iam:passrole",), other) and _may_send(template, other, queue_arn, passed=True)
        for statement in statements
        for name, _ in _of_type(template, "AWS::IAM::Role")
        if (other := f"<{name}.Arn>") != role_arn
    )


def _allows(statement: dict[str, Any], actions: tuple[str, ...], resource: str) -> bool:
    allowed = [action.lower() for action in listed(statement.get("Action", []))]
    return (
        statement["Effect"] == "Allow"
        and any(fnmatch.fnmatchcase(action, pattern) for action in actions for pattern in allowed)
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
    )


def _lets_in(statement: dict[str, Any], role_arn: str) -> bool:
    principal = statement.get("Principal", {})
    named = listed(principal["AWS"]) if isinstance(principal, dict) and "AWS" in principal else []
    return role_arn in named and _allows({**statement, "Resource": "*"}, _SENDING, "*")


def _statements(template: Template, role_arn: str) -> Iterator[dict[str, Any]]:
    role = role_arn.strip("<>").removesuffix(".Arn")
    documents = [
        policy["PolicyDocument"]
        for _, policy in _of_type(template, "AWS::IAM::Policy")
        if {"Ref": role} in policy.get("Roles", [])
    ]
    inline = dict(_of_type(template, "AWS::IAM::Role"))[role].get("Policies", [])
    for document in [*documents, *(policy["PolicyDocument"] for policy in inline)]:
        yield from document["Statement"]


def _queue_policies(template: Template, queue_arn: str) -> Iterator[dict[str, Any]]:
    queue = {"Ref": queue_arn.strip("<>").removesuffix(".Arn")}
    for _, policy in _of_type(template, "AWS::SQS::QueuePolicy"):
        if queue in policy["Queues"]:
            yield from policy["PolicyDocument"]["Statement"]


def _fields(pattern: dict[str, Any], path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The patterns of each field, by its dotted path; alternatives of `$or` count together."""
    for name, value in pattern.items():
        if name == "$or":
            merged: dict[str, list[Any]] = {}
            for alternative in value:
                for field, patterns in _fields(alternative, path):
                    merged.setdefault(field, []).extend(patterns)
            yield from merged.items()
        elif isinstance(value, dict):
            yield from _fields(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _is_wildcard(pattern: Any) -> bool:
    """Also within `anything-but`."""
    return isinstance(pattern, dict) and (
        "wildcard" in pattern or any(_is_wildcard(inner) for inner in pattern.values())
    )


def _of_type(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource["Properties"]
