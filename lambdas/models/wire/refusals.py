"""What becomes of the errors of the control plane: those that end a run, and those that the next look explains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from iu_tuner.contract.errors import AccessDenied, ModelNotFound, ModelNotStartable, ModelStartFailed
from lambdas.aws.denials import advice
from lambdas.models.facts import ServiceFacts
from lambdas.models.status import ModelState


@contextmanager
def look_errors(service: ServiceFacts, model_arn: str) -> Iterator[None]:
    """Raises ModelNotFound and AccessDenied instead of the service's errors."""
    try:
        yield
    except ClientError as error:
        if _code(error) == "ResourceNotFoundException":
            raise not_found(model_arn, f"{service.name} does not know it") from error
        if _code(error) == "AccessDeniedException":
            fallback_advice = "the stack's roles may touch the models named in the context key modelArns"
            raise AccessDenied(f"{error} - {advice(str(error), fallback_advice)}") from error
        raise


@contextmanager
def start_errors(service: ServiceFacts, model_arn: str, failed: ModelState | None) -> Iterator[None]:
    """Ignores errors of a start that may pass: only the next look shows its effect. `failed` is a FAILED model's state.

    Raises:
        ModelNotStartable: the model is FAILED, and the start was refused.
        ModelStartFailed: a retry would be refused, too. ModelNotFound, AccessDenied.
    """
    try:
        with look_errors(service, model_arn):
            yield
    except ClientError as refusal:
        if failed is not None:
            message_clause = f" ({failed.message.rstrip('.')})" if failed.message else ""
            raise ModelNotStartable(
                f"the model is FAILED{message_clause}, and {service.name} refused to start"
                f" it: {_message_and_code(refusal)}"
                " - start it in the console, or train a new version"
            ) from refusal
        if _code(refusal) in service.final_refusals:
            raise ModelStartFailed(
                f"{service.name} refused to start the model: {_message_and_code(refusal)} - {service.start_limits}"
            ) from refusal
    except BotoCoreError:
        pass  # the reply was lost: the next status check shows the effect


@contextmanager
def stop_errors(service: ServiceFacts, model_arn: str) -> Iterator[None]:
    """Ignores errors of a stop, whose effect only the next look shows. Raises ModelNotFound, AccessDenied."""
    try:
        with look_errors(service, model_arn):
            yield
    except (ClientError, BotoCoreError):
        pass  # it stops already, can't be stopped yet, or the reply was lost: the next status check shows which


def not_found(model_arn: str, reason: str) -> ModelNotFound:
    """The error of a model that does not exist; `reason` is a clause."""
    return ModelNotFound(
        f"{reason} ({model_arn}) - check modelArn, and that this stack is in the model's account and Region"
    )


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _message_and_code(error: ClientError) -> str:
    """The service's message and the name of the error."""
    return f"{str(error.response['Error'].get('Message', '')).rstrip('.')} ({_code(error)})"
