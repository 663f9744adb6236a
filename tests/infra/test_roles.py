"""Every role of the stack, the CDK's own included: named resources, single actions, the boundary, the network."""

from typing import Any

import pytest

from tests.infra.deployments import BOUNDARY, EVERYTHING, NETWORK, STARTS_BY_ITSELF, listed, statements
from tests.infra.synth import resources, template

# AWS has no resource-level permission for these, by its service authorization reference.
KNOW_NO_RESOURCES = {
    "cloudwatch:GetMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "rekognition:DescribeProjects",
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListServiceQuotas",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@pytest.mark.parametrize("context", [{}, EVERYTHING], ids=["default", "everything"])
def test_every_resource_is_named_but_where_aws_knows_none(context: dict[str, Any]) -> None:
    on_everything = {
        action
        for _, statement in statements(**context)
        if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }

    assert on_everything
    assert on_everything <= KNOW_NO_RESOURCES


@pytest.mark.parametrize("context", [{}, EVERYTHING], ids=["default", "everything"])
def test_no_role_may_do_whatever_a_pattern_of_actions_matches(context: dict[str, Any]) -> None:
    patterns = [
        (name, action)
        for name, statement in statements(**context)
        for action in listed(statement["Action"])
        if "*" in action
    ]

    assert patterns == []


@pytest.mark.parametrize("context", [{}, EVERYTHING], ids=["default", "everything"])
def test_no_role_carries_a_managed_policy_or_trusts_more_than_one_service(context: dict[str, Any]) -> None:
    for role in resources("AWS::IAM::Role", **context).values():
        properties = role["Properties"]
        assert "ManagedPolicyArns" not in properties
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        assert list(trust["Principal"]) == ["Service"]
        assert isinstance(trust["Principal"]["Service"], str)


def test_a_boundary_is_on_every_role_and_by_default_on_none() -> None:
    bounded = {role["Properties"].get("PermissionsBoundary") for role in roles(**EVERYTHING)}
    unbounded = {role["Properties"].get("PermissionsBoundary") for role in roles(**STARTS_BY_ITSELF)}

    assert bounded == {BOUNDARY}
    assert unbounded == {None}


def roles(**context: object) -> list[dict[str, Any]]:
    return list(resources("AWS::IAM::Role", **context).values())


def test_in_a_vpc_every_lambda_runs_in_the_subnets_and_behind_the_groups() -> None:
    placed = [each["Properties"].get("VpcConfig") for each in lambdas(**EVERYTHING)]

    assert all(
        config == {"SubnetIds": NETWORK["subnetIds"], "SecurityGroupIds": NETWORK["securityGroupIds"]}
        for config in placed
    )
    assert not [each for each in lambdas() if "VpcConfig" in each["Properties"]]
    assert not [kind for kind in template(**EVERYTHING)["Resources"].values() if "EC2" in kind["Type"]]


def lambdas(**context: object) -> list[dict[str, Any]]:
    return list(resources("AWS::Lambda::Function", **context).values())


def test_in_a_vpc_lambda_may_make_interfaces_as_the_role_but_the_code_may_not() -> None:
    of_prepare = [statement for name, statement in statements(**NETWORK) if name.startswith("FunctionsPrepareRole")]

    allowed = {
        action
        for statement in of_prepare
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if action.startswith("ec2:")
    }
    (denied,) = (statement for statement in of_prepare if statement["Effect"] == "Deny")
    assert "ec2:CreateNetworkInterface" in allowed
    # An interface in a subnet that is shared with this account carries the ARN of the subnet's owner.
    of_interfaces = {
        resource
        for statement in of_prepare
        if "ec2:CreateNetworkInterface" in listed(statement["Action"]) and statement["Effect"] == "Allow"
        for resource in listed(statement["Resource"])
    }
    assert of_interfaces == {"arn:<AWS::Partition>:ec2:<AWS::Region>:*:*/*"}
    assert set(listed(denied["Action"])) == allowed
    assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_images_may_be_narrowed_to_prefixes_and_widened_to_other_buckets() -> None:
    context = {"imagePrefixes": "samples/,more/", "imageBuckets": "everything,some/of/it/"}
    (own,) = resources("AWS::S3::Bucket", **context)
    elsewhere = "arn:<AWS::Partition>:s3:::"

    found = {
        (action, resource, str(statement.get("Condition", {}).get("StringLike")))
        for name, statement in statements(**context)
        if name.startswith("FunctionsPrepareRole")
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.startswith("s3:")
    }

    assert found == {
        ("s3:GetObject", f"<{own}.Arn>/samples/*", "None"),
        ("s3:GetObject", f"<{own}.Arn>/more/*", "None"),
        ("s3:GetObject", f"{elsewhere}everything/*", "None"),
        ("s3:GetObject", f"{elsewhere}some/of/it/*", "None"),
        ("s3:ListBucket", f"<{own}.Arn>", "{'s3:prefix': ['samples/*', 'more/*']}"),
        ("s3:ListBucket", f"{elsewhere}everything", "None"),
        ("s3:ListBucket", f"{elsewhere}some", "{'s3:prefix': ['of/it/*']}"),
    }
