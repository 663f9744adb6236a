"""Permissions for Rekognition's actions on the models, and the endpoint of the service."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.resources.permissions import allow
from infra.settings.settings import Settings

_SERVICE = "rekognition"


class ModelService(Construct):
    """Gives functions their permissions for Rekognition, and its endpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._endpoint_url = settings.rekognition_endpoint_url
        stack = cdk.Stack.of(self)
        self._versions = list(settings.model_arns) or [
            stack.format_arn(service=_SERVICE, resource="project", resource_name="*/version/*")
        ]
        # A project's ARN ends in its own creation time, which a version's ARN does not have: hence `project/<name>/*`.
        self._projects = list(dict.fromkeys(_project_of(arn) for arn in settings.model_arns)) or [
            stack.format_arn(service=_SERVICE, resource="project", resource_name="*")
        ]

    def grant(self, function: lambda_.Function, *actions: str, model_arn: str | None = None) -> None:
        """Allow the function these actions (`DetectCustomLabels`, …) on one model, or on those of the settings."""
        for action in actions:
            self._grant_one(function, action, [model_arn] if model_arn else self._versions)
        if self._endpoint_url is not None:
            function.add_environment("AWS_ENDPOINT_URL_REKOGNITION", self._endpoint_url)

    def grant_traffic(self, function: lambda_.Function) -> None:
        """Allow the function to read from CloudWatch how many requests the models served."""
        allow(function, ["cloudwatch:GetMetricData"], "*", wildcard="CloudWatch's metrics know no resources.")

    def _grant_one(self, function: lambda_.Function, action: str, versions: list[str]) -> None:
        match action:
            case "DescribeProjects":
                resources, reason = ["*"], "DescribeProjects knows no resource-level permissions."
            case "DescribeProjectVersions":
                resources, reason = self._projects, "A project's ARN ends in an epoch that is not known here."
            case _:
                resources, reason = (versions, "Without the setting modelArns, any model may be measured.")
        for resource in resources:
            allow(function, [f"{_SERVICE}:{action}"], resource, wildcard=reason if "*" in resource else None)


def _project_of(version_arn: str) -> str:
    return version_arn.partition("/version/")[0] + "/*"
