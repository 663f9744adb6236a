"""Placement of the Lambdas in a VPC of the user, and the permissions that it needs."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.resources.permissions import acknowledge, acknowledge_wildcard
from infra.settings.settings import Settings

# The actions by which Lambda, with the function's role, attaches the function to the subnets.
_ON_ANY = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_ON_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


class LambdaNetwork(Construct):
    """`placement` holds arguments for a Lambda's constructor; synthesis makes no lookup in the account."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.placement: dict[str, Any] = {}
        self._is_there = settings.network is not None
        if settings.network is None:
            return
        given = settings.network
        # The zones are not used, but the construct requires one per subnet.
        zones = [f"zone-{number}" for number, _ in enumerate(given.subnet_ids)]
        acknowledge(self, {"Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId": "No route is made here."})
        self.placement = {
            "vpc": ec2.Vpc.from_vpc_attributes(
                self, "Vpc", vpc_id=given.vpc_id, availability_zones=zones, private_subnet_ids=[*given.subnet_ids]
            ),
            "security_groups": [
                ec2.SecurityGroup.from_security_group_id(self, group, group, mutable=False)
                for group in given.security_group_ids
            ],
        }

    def grant(self, role: iam.Role) -> None:
        """Allow Lambda to attach the function to the VPC, and deny the same actions to the function's code."""
        if not self._is_there:
            return
        # Any account: the ARN of a subnet that another account shares with this one names that account.
        interfaces = cdk.Stack.of(self).format_arn(service="ec2", account="*", resource="*", resource_name="*")
        role.add_to_policy(iam.PolicyStatement(actions=list(_ON_ANY), resources=["*"]))
        role.add_to_policy(iam.PolicyStatement(actions=list(_ON_INTERFACES), resources=[interfaces]))
        role.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=[*_ON_ANY, *_ON_INTERFACES],
                resources=["*"],
                # Only calls of the function's code carry this context key.
                conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            )
        )
        acknowledge_wildcard(role, "*", "EC2's Describe actions know no resources; the code is denied all of them.")
        acknowledge_wildcard(role, interfaces, "The network interfaces, which Lambda makes and names itself.")
