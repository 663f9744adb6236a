"""Permissions for the actions on the models, and the endpoints of their services."""

from collections.abc import Iterable
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.resources.permissions import allow
from infra.settings.settings import Settings
from iu_tuner.contract.model_arn import service_key

_ANY_MODEL = "Without the setting modelArns, any model may be measured."
# Lookout for Vision's actions for Rekognition's. It needs none to find a project.
_ANOMALIES = {
    "DescribeProjectVersions": "DescribeModel",
    "StartProjectVersion": "StartModel",
    "StopProjectVersion": "StopModel",
    "DetectCustomLabels": "DetectAnomalies",
}


@dataclass(frozen=True)
class _Permission:
    """An action and the resources it is allowed on; `reason` is that of a wildcard in them."""

    action: str
    resources: list[str]
    reason: str


class ModelService(Construct):
    """Gives functions their permissions for the services in use, and the services' endpoints."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        services: list[_Rekognition | _LookoutVision] = [_Rekognition(self, "Rekognition", settings=settings)]
        if settings.lookout_vision_endpoint_url is not None:
            services.append(_LookoutVision(self, "LookoutVision", settings=settings))
        named = {service_key(arn) for arn in settings.model_arns}
        self._services = [each for each in services if not named or each.key in named]

    def grant(self, function: lambda_.Function, *actions: str, model_arn: str | None = None) -> None:
        """Allow the function these actions on one model, or on those of the settings, by their names in Rekognition."""
        for service in self._services:
            if model_arn is not None and service_key(model_arn) != service.key:
                continue
            for each in (permission for action in actions for permission in service.permissions(action, model_arn)):
                for resource in each.resources:
                    allow(function, [each.action], resource, wildcard=each.reason if "*" in resource else None)
            if service.endpoint_url is not None:
                function.add_environment(service.endpoint_variable, service.endpoint_url)

    def grant_traffic(self, function: lambda_.Function) -> None:
        """Allow the function to read from CloudWatch how many requests the models served."""
        allow(function, ["cloudwatch:GetMetricData"], "*", wildcard="CloudWatch's metrics know no resources.")


class _Rekognition(Construct):
    """Rekognition Custom Labels."""

    key = "rekognition"
    endpoint_variable = "AWS_ENDPOINT_URL_REKOGNITION"

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.endpoint_url = settings.rekognition_endpoint_url
        arns, stack = _of_service("rekognition", settings.model_arns), cdk.Stack.of(self)
        self._versions = arns or [
            stack.format_arn(service="rekognition", resource="project", resource_name="*/version/*")
        ]
        # A project's ARN ends in its own creation time, which a version's ARN does not have: hence `project/<name>/*`.
        self._projects = list(dict.fromkeys(_project_of(arn) for arn in arns)) or [
            stack.format_arn(service="rekognition", resource="project", resource_name="*")
        ]

    def permissions(self, action: str, model_arn: str | None = None) -> list[_Permission]:
        """The permissions for an action on one model, or on those of the settings."""
        match action:
            case "DescribeProjects":
                resources, reason = ["*"], "DescribeProjects knows no resource-level permissions."
            case "DescribeProjectVersions":
                resources, reason = self._projects, "A project's ARN ends in an epoch that is not known here."
            case _:
                resources, reason = [model_arn] if model_arn else self._versions, _ANY_MODEL
        return [_Permission(f"rekognition:{action}", resources, reason)]


class _LookoutVision(Construct):
    """Lookout for Vision, which has ended: it is in use only if the settings have an endpoint of it."""

    key = "lookoutvision"
    endpoint_variable = "AWS_ENDPOINT_URL_LOOKOUTVISION"

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.endpoint_url = settings.lookout_vision_endpoint_url
        self._models = _of_service("lookoutvision", settings.model_arns) or [
            cdk.Stack.of(self).format_arn(service="lookoutvision", resource="model", resource_name="*")
        ]

    def permissions(self, action: str, model_arn: str | None = None) -> list[_Permission]:
        """The permissions for an action, by its name in Rekognition, on one model or on those of the settings."""
        own = _ANOMALIES.get(action)
        resources = [model_arn] if model_arn else self._models
        return [] if own is None else [_Permission(f"lookoutvision:{own}", resources, _ANY_MODEL)]


def _of_service(key: str, model_arns: Iterable[str]) -> list[str]:
    return [arn for arn in model_arns if service_key(arn) == key]


def _project_of(version_arn: str) -> str:
    return version_arn.partition("/version/")[0] + "/*"
