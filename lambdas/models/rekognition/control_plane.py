"""Amazon Rekognition Custom Labels: find, look at, start and stop a model version."""

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

# Refusals of a start that another attempt will not change.
_FINAL_REFUSALS = ("LimitExceededException", "InvalidParameterException")


def rekognition_client() -> Any:
    """The control-plane client. It keeps its retries; if a reply is lost, the next look tells what came of the call."""
    return client("rekognition", attempts=4, read_s=10)


def model_endpoint() -> str:
    """Where the model is called, as the SDK resolves it: the stack's setting, FIPS, dual-stack, or AWS's default."""
    return str(rekognition_client().meta.endpoint_url)


def find_model(model_arn: str) -> ModelControl:
    """The model behind a version ARN. Its handle is the project's ARN.

    That ends in its own creation time, so the project is looked up by name.

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
    """The model version of a project that is known by its ARN."""
    return RekognitionModel(rekognition_client(), model_arn, handle)


class RekognitionModel:
    """A Custom Labels model version."""

    def __init__(self, client: Any, model_arn: str, project_arn: str) -> None:
        self._client = client
        self._version = ModelArn.of(model_arn).version
        self.model_arn = model_arn
        self.handle = project_arn

    def look(self) -> ModelState:
        """The model's status as of now.

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
        """Ask for a start; only a look tells what came of it. Without `max_units` it does not auto-scale.

        `failed` is the model as it was seen, if it was FAILED.

        Raises:
            ModelNotStartable: it is FAILED, and the start was refused.
            ModelStartFailed: refused for good. ModelNotFound, AccessDenied.
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
            pass  # a lost answer: the next look tells

    def stop(self) -> None:
        """Ask for a stop; only a look tells what came of it.

        Raises:
            ModelNotFound, AccessDenied
        """
        try:
            with _explained(self.model_arn):
                self._client.stop_project_version(ProjectVersionArn=self.model_arn)
        except (ClientError, BotoCoreError):
            pass  # stopping already, not stoppable yet, or a lost answer: the next look tells


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
    """The service's own words and its name for them."""
    return f"{str(error.response['Error'].get('Message', '')).rstrip('.')} ({_code(error)})"


def _not_found(model_arn: str, because: str) -> str:
    return f"{because} ({model_arn}) - check modelArn, and that this stack is in the model's account and Region"
