"""The control plane of Amazon Rekognition Custom Labels: finds, reads, starts and stops a model version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import AccessDenied, ModelNotFound, ModelNotStartable, ModelStartFailed
from iu_tuner.contract.model_arn import ModelArn
from lambdas.aws.clients import client
from lambdas.aws.denials import advice
from lambdas.models.ports import ModelControl
from lambdas.models.status import ModelState

# Errors of a start that a retry would get again.
_FINAL_REFUSALS = ("LimitExceededException", "InvalidParameterException")


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
    with _explained(model_arn):
        pages = rekognition_client().get_paginator("describe_projects").paginate(ProjectNames=[project])
        for found in (each for page in pages for each in page["ProjectDescriptions"]):
            if f":project/{project}/" in found["ProjectArn"]:
                return model_of(model_arn, found["ProjectArn"])
    raise ModelNotFound(_not_found(model_arn, f"there is no project {project}"))


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
        with _explained(self.model_arn):
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
        raise ModelNotFound(_not_found(self.model_arn, f"the project has no version {self._version}"))

    def start(self, min_units: int, max_units: int | None = None, *, failed: ModelState | None = None) -> None:
        """Request a start. Only `look` shows its effect. Without `max_units` the model does not auto-scale.

        `failed` is the model's state if it is FAILED.

        Raises:
            ModelNotStartable: the model is FAILED, and the start was refused.
            ModelStartFailed: a retry would be refused, too. ModelNotFound, AccessDenied.
        """
        scaling = {} if max_units is None else {"MaxInferenceUnits": max_units}
        try:
            with _explained(self.model_arn):
                self._client.start_project_version(
                    ProjectVersionArn=self.model_arn, MinInferenceUnits=min_units, **scaling
                )
        except ClientError as refusal:
            if failed is not None:
                why = f" ({failed.message.rstrip('.')})" if failed.message else ""
                raise ModelNotStartable(
                    f"the model is FAILED{why}, and Rekognition refused to start it: {_said(refusal)}"
                    " - start it in the console, or train a new version"
                ) from refusal
            if _code(refusal) in _FINAL_REFUSALS:
                raise ModelStartFailed(
                    f"Rekognition refused to start the model: {_said(refusal)}"
                    " - by default two models run per account, with five inference units each"
                ) from refusal
        except BotoCoreError:
            pass  # the reply was lost: the next status check shows the effect

    def stop(self) -> None:
        """Request a stop. Only `look` shows its effect.

        Raises:
            ModelNotFound, AccessDenied
        """
        try:
            with _explained(self.model_arn):
                self._client.stop_project_version(ProjectVersionArn=self.model_arn)
        except (ClientError, BotoCoreError):
            pass  # it stops already, can't be stopped yet, or the reply was lost: the next status check shows which


@contextmanager
def _explained(model_arn: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) == "ResourceNotFoundException":
            raise ModelNotFound(_not_found(model_arn, "Rekognition does not know it")) from error
        if _code(error) == "AccessDeniedException":
            otherwise = "the stack's roles may touch the models named in the context key modelArns"
            raise AccessDenied(f"{error} - {advice(str(error), otherwise)}") from error
        raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _said(error: ClientError) -> str:
    """The service's message and the name of the error."""
    return f"{str(error.response['Error'].get('Message', '')).rstrip('.')} ({_code(error)})"


def _not_found(model_arn: str, because: str) -> str:
    return f"{because} ({model_arn}) - check modelArn, and that this stack is in the model's account and Region"
