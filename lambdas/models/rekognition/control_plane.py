"""The control plane of Amazon Rekognition Custom Labels: finds, reads, starts and stops a model version."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from lambdas.aws.clients import client
from lambdas.models.ports import ModelControl
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.status import ModelState
from lambdas.models.wire.refusals import look_errors, not_found, start_errors, stop_errors


def rekognition_client() -> Any:
    """The control-plane client, with retries. After a lost reply, the next status check shows the call's effect."""
    return client("rekognition", attempts=4, read_s=10)


def model_endpoint() -> str:
    """The URL of the service as the SDK resolves it: the stack's setting, FIPS, dual-stack, or AWS's default."""
    return str(rekognition_client().meta.endpoint_url)


def find_model(model_arn: str) -> ModelControl:
    """Find the model of a version ARN. Its handle is the project's ARN.

    The project's ARN ends in its own creation time, so the project is found by its name.

    Raises:
        ModelNotFound, AccessDenied
    """
    project = ModelArn.of(model_arn).project
    with look_errors(FACTS, model_arn):
        pages = rekognition_client().get_paginator("describe_projects").paginate(ProjectNames=[project])
        for found_project in (description for page in pages for description in page["ProjectDescriptions"]):
            if f":project/{project}/" in found_project["ProjectArn"]:
                return model_of(model_arn, found_project["ProjectArn"])
    raise not_found(model_arn, f"there is no project {project}")


def model_of(model_arn: str, handle: str) -> ModelControl:
    """The model version in a known project; `handle` is the project's ARN."""
    return RekognitionModel(rekognition_client(), model_arn, handle)


class RekognitionModel:
    """A Custom Labels model version."""

    def __init__(self, client: Any, model_arn: str, project_arn: str) -> None:
        self._client = client
        self._version = ModelArn.of(model_arn).version
        self.model_arn = model_arn
        self.handle = project_arn

    def look(self) -> ModelState:
        """Read the model's present state.

        Raises:
            ModelNotFound, AccessDenied
        """
        with look_errors(FACTS, self.model_arn):
            pages = self._client.get_paginator("describe_project_versions").paginate(
                ProjectArn=self.handle, VersionNames=[self._version]
            )
            for version in (version for page in pages for version in page["ProjectVersionDescriptions"]):
                if version["ProjectVersionArn"] == self.model_arn:
                    return ModelState(
                        version["Status"],
                        version.get("StatusMessage", ""),
                        version.get("MinInferenceUnits"),
                        version.get("MaxInferenceUnits"),
                    )
        raise not_found(self.model_arn, f"the project has no version {self._version}")

    def start(
        self, min_units: int, max_units: int | None = None, *, token: str = "", failed: ModelState | None = None
    ) -> None:
        """Request a start. Only `look` shows its effect. Without `max_units` the model does not auto-scale.

        The service knows no client tokens. `failed` is the model's state if it is FAILED.

        Raises:
            ModelNotStartable: the model is FAILED, and the start was refused.
            ModelStartFailed: a retry would be refused, too. ModelNotFound, AccessDenied.
        """
        scaling = {} if max_units is None else {"MaxInferenceUnits": max_units}
        with start_errors(FACTS, self.model_arn, failed):
            self._client.start_project_version(ProjectVersionArn=self.model_arn, MinInferenceUnits=min_units, **scaling)

    def stop(self, *, token: str = "") -> None:
        """Request a stop. Only `look` shows its effect. The service knows no client tokens.

        Raises:
            ModelNotFound, AccessDenied
        """
        with stop_errors(FACTS, self.model_arn):
            self._client.stop_project_version(ProjectVersionArn=self.model_arn)
