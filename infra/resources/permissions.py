"""The two sentences every grant is made of: what is allowed, and why a wildcard in it is right."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct


def allow(
    function: lambda_.Function,
    actions: Sequence[str],
    resource: str,
    *,
    wildcard: str | None = None,
    conditions: Mapping[str, Any] | None = None,
) -> None:
    """Let the function do exactly these actions on this resource.

    `wildcard` is the reason for a `*` in the resource; without it, cdk-nag reports the `*`.
    """
    function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[resource], conditions=conditions))
    if wildcard is not None and function.role is not None:
        acknowledge_wildcard(function.role, resource, wildcard)


def bound_roles(scope: Construct, *, boundary_arn: str | None) -> None:
    """No role in this scope, the CDK's own ones included, may do more than this managed policy allows."""
    if boundary_arn is not None:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", boundary_arn)
        iam.PermissionsBoundary.of(scope).apply(boundary)


def acknowledge_wildcard(owner: IConstruct, resource: str, reason: str) -> None:
    """Record why a policy below this construct may hold a `*` in this resource."""
    spelling = _as_nag_writes(cdk.Stack.of(owner).resolve(resource))
    acknowledge(owner, {f"AwsSolutions-IAM5[Resource::{spelling}]": reason})


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Record why findings of cdk-nag (rule -> reason) are right for this construct and what is in it."""
    for rule, reason in reasons.items():
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def _as_nag_writes(resolved: Any) -> str:
    """The resource as in the finding's name: `<Logical.Attribute>` for what CloudFormation fills in."""
    match resolved:
        case str():
            return resolved
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_as_nag_writes(part) for part in parts)
    return json.dumps(resolved, separators=(",", ":"))
