"""Reads a model version: its status from its service, its inference units from CloudWatch, its evaluation from S3."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from iu_tuner.cli.aws.clients import AwsClients, open_session
from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.cli.aws.lookout_vision import describe_model, endpoint_of
from iu_tuner.cli.aws.loopback import HOSTS
from iu_tuner.cli.aws.stack import Deployment, StackOptions, find_deployment
from iu_tuner.cli.models.evaluation import Evaluation
from iu_tuner.cli.models.status import ModelStatus
from iu_tuner.contract.model_arn import SERVICE, SERVICES, ModelArn, service_of
from iu_tuner.exit_codes import ClientError, UsageError

_OWN_ENDPOINT = "AWS_ENDPOINT_URL_REKOGNITION"
_METRICS = ("InServiceInferenceUnits", "DesiredInferenceUnits")
_NAMESPACES = {
    "rekognition": ("AWS/Rekognition", "VersionName"),
    "lookoutvision": ("AWS/LookoutVision", "ModelVersion"),
}
_MAX_METRIC_AGE_S = 300.0  # how old a value of a metric may be; CloudWatch gets one a minute


@dataclass(frozen=True)
class ModelReader:
    """Reads models of one account and Region."""

    aws: AwsClients
    rekognition: Any
    lookout_vision_url: str | None

    @classmethod
    def of(cls, deployment: Deployment) -> ModelReader:
        """A reader beside a deployment; a simulated model on this machine is asked where the stack says it is."""
        with calling_aws():
            rekognition = deployment.aws.at_own_endpoint("rekognition", _endpoint(deployment))
        return cls(deployment.aws, rekognition, endpoint_of(deployment.outputs))

    @classmethod
    def open(cls, stack_options: StackOptions) -> ModelReader:
        """A reader that needs no deployment, unless an embedded AWS is asked whose stack says where the model is."""
        if (stack_options.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")) and _OWN_ENDPOINT not in os.environ:
            return cls.of(find_deployment(stack_options))
        with calling_aws():
            aws = AwsClients(open_session(stack_options.profile, stack_options.region), stack_options.endpoint_url)
            return cls(aws, aws.at_own_endpoint("rekognition", None), endpoint_of({}))

    def status(self, model_arn: str) -> ModelStatus:
        """The model's status and inference units. Raises UsageError if there is no such model."""
        model = ModelArn.of(model_arn)
        if model.service == "lookoutvision":
            description = describe_model(self.aws, self.lookout_vision_url, model)
        else:
            description = self._description(model_arn)
        in_service, desired = self._units(model)
        service_status = str(description["Status"])
        return ModelStatus(
            model_arn=model_arn,
            status=service_of(model_arn).statuses.get(service_status, service_status),
            service_status=service_status,
            message=str(description.get("StatusMessage", "")),
            min_units=description.get("MinInferenceUnits"),
            max_units=description.get("MaxInferenceUnits"),
            in_service=in_service,
            desired=desired,
        )

    def evaluation(self, model_arn: str) -> Evaluation:
        """The evaluation of the model's training. Raises UsageError if the model has none."""
        require_thresholds(model_arn)
        description = self._description(model_arn)
        s3_object = description.get("EvaluationResult", {}).get("Summary", {}).get("S3Object")
        if not s3_object:
            raise UsageError(f"modelArn: {model_arn} has no evaluation: its status is {description['Status']}")
        uri = f"s3://{s3_object['Bucket']}/{s3_object['Name']}"
        version = {"VersionId": s3_object["Version"]} if s3_object.get("Version") else {}
        try:
            with calling_aws():
                s3 = self.aws.of("s3")
                body = s3.get_object(Bucket=s3_object["Bucket"], Key=s3_object["Name"], **version)["Body"].read()
        except AwsCallFailed as error:
            raise ClientError(f"the evaluation of the model, {uri}, can't be read: {error}") from error
        try:
            return Evaluation.parse(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ClientError(f"the evaluation of the model, {uri}, is no summary file of Custom Labels") from error

    def _description(self, model_arn: str) -> Mapping[str, Any]:
        """The model's ProjectVersionDescription. The ARN of its project ends in a time of its own, so ask by name."""
        model = ModelArn.of(model_arn)
        with calling_aws():
            projects = self.rekognition.get_paginator("describe_projects").paginate(ProjectNames=[model.project])
            arns = [each["ProjectArn"] for page in projects for each in page["ProjectDescriptions"]]
            for arn in (arn for arn in arns if f":project/{model.project}/" in arn):
                pages = self.rekognition.get_paginator("describe_project_versions").paginate(
                    ProjectArn=arn, VersionNames=[model.version]
                )
                for version in (version for page in pages for version in page["ProjectVersionDescriptions"]):
                    if version["ProjectVersionArn"] == model_arn:
                        return dict(version)
        raise UsageError(f"modelArn: got {model_arn}; there is no such model version in this account and Region")

    def _units(self, model: ModelArn) -> tuple[int | None, int | None]:
        """The inference units in service and those desired, or None for what CloudWatch does not say."""
        namespace, version = _NAMESPACES[model.service]
        names = {"ProjectName": model.project, version: model.version}
        dimensions = [{"Name": name, "Value": value} for name, value in names.items()]
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions},
                    "Period": 60,
                    "Stat": "Average",
                },
            }
            for number, name in enumerate(_METRICS)
        ]
        now = time.time()
        try:
            with calling_aws():
                reply = self.aws.of("cloudwatch").get_metric_data(
                    MetricDataQueries=queries,
                    StartTime=now - _MAX_METRIC_AGE_S,
                    EndTime=now + 60,
                    ScanBy="TimestampDescending",
                )
        except AwsCallFailed:
            return None, None
        values = {each["Id"]: each["Values"] for each in reply["MetricDataResults"]}
        in_service, desired = (round(values[key][0]) if values.get(key) else None for key in ("m0", "m1"))
        return in_service, desired


def require_thresholds(model_arn: str) -> None:
    """Require a model of a service with assumed thresholds. Raises UsageError."""
    if (service := service_of(model_arn)) is not SERVICES["rekognition"]:
        raise UsageError(
            f"modelArn: got {model_arn}; takes a model of {SERVICE} Custom Labels: one of {service.name} has no "
            "assumed thresholds"
        )


def _endpoint(deployment: Deployment) -> str | None:
    """The endpoint of Rekognition; None: that of the environment, or else AWS's."""
    url = deployment.outputs.get("RekognitionEndpointUrl", "")
    if _OWN_ENDPOINT in os.environ:
        return None
    return url if urlsplit(url).hostname in HOSTS else deployment.aws.endpoint_url
