"""Grants: the allowed actions on a resource, and the reason for a wildcard in it."""

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
    """Allow the function exactly these actions on this resource.

    `wildcard` is the reason for a `*` in the resource; without a reason cdk-nag reports the `*`.
    """
    function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[resource], conditions=conditions))
    if wildcard is not None and function.role is not None:
        acknowledge_wildcard(function.role, resource, wildcard)


def bound_roles(scope: Construct, *, boundary_arn: str | None) -> None:
    """Set the permissions boundary of all roles in this scope, including those that the CDK makes."""
    if boundary_arn is not None:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", boundary_arn)
        iam.PermissionsBoundary.of(scope).apply(boundary)


def acknowledge_wildcard(owner: IConstruct, resource: str, reason: str) -> None:
    """Record why a policy below this construct may have a `*` in this resource."""
    spelling = _as_nag_writes(cdk.Stack.of(owner).resolve(resource))
    acknowledge(owner, {f"AwsSolutions-IAM5[Resource::{spelling}]": reason})


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Record why findings of cdk-nag (rule -> reason) are acceptable for this construct and its children."""
    for rule, reason in reasons.items():
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def _as_nag_writes(resolved: Any) -> str:
    """The resource as cdk-nag writes it in a finding: `<Logical.Attribute>` for references."""
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
