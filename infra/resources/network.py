"""The Lambdas inside a VPC of the user's: where, and what their roles need for it."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.resources.permissions import acknowledge, acknowledge_wildcard
from infra.settings.settings import Settings

# What Lambda does, with the function's role, to plug it into the subnets.
_ON_ANY = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_ON_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


class LambdaNetwork(Construct):
    """`placement` goes into a Lambda's constructor; nothing is looked up, so nothing is asked at synth."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.placement: dict[str, Any] = {}
        self._is_there = settings.network is not None
        if settings.network is None:
            return
        given = settings.network
        # The zones are never used, but the construct wants one per subnet.
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
        """Let Lambda plug the function in, and the function's own code do none of it."""
        if not self._is_there:
            return
        # Of any account: in a subnet that another account shares with this one, the ARN names that account.
        interfaces = cdk.Stack.of(self).format_arn(service="ec2", account="*", resource="*", resource_name="*")
        role.add_to_policy(iam.PolicyStatement(actions=list(_ON_ANY), resources=["*"]))
        role.add_to_policy(iam.PolicyStatement(actions=list(_ON_INTERFACES), resources=[interfaces]))
        role.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=[*_ON_ANY, *_ON_INTERFACES],
                resources=["*"],
                # Only what the code itself calls says which function it comes from.
                conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            )
        )
        acknowledge_wildcard(role, "*", "EC2's Describe actions know no resources; the code is denied all of them.")
        acknowledge_wildcard(role, interfaces, "The network interfaces, which Lambda makes and names itself.")
