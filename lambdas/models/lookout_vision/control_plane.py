"""The control plane of Amazon Lookout for Vision: reads, starts and stops a model.

boto3 has had no client since version 1.40.61, so calls are signed requests. Each has up to four attempts with the same
client token, which the service takes for one call.
"""

from __future__ import annotations

import json
import time
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.session import Session

from iu_tuner.contract.errors import ServiceEnded
from iu_tuner.contract.model_arn import SERVICES, ModelArn
from lambdas.aws.settings import settings
from lambdas.models.lookout_vision.facts import FACTS
from lambdas.models.lookout_vision.reply import call_reply
from lambdas.models.lookout_vision.request import look_request, start_request, stop_request
from lambdas.models.outcomes import ACCEPTED, CONNECTION_LOST, TIMED_OUT, Reply
from lambdas.models.ports import ModelControl, PreparedRequest
from lambdas.models.status import ModelState
from lambdas.models.wire.connection import HttpConnection
from lambdas.models.wire.refusals import look_errors, start_errors, stop_errors
from lambdas.models.wire.signer import Signer

ATTEMPTS = 4
READ_TIMEOUT_S = 10.0
FIRST_PAUSE_S = 0.25  # before the second attempt; it doubles
_RETRIABLE_ERRORS = frozenset({CONNECTION_LOST, TIMED_OUT, "ThrottlingException", "InternalServerException"})
STATUSES = SERVICES[FACTS.key].statuses
"""The service's statuses in the words of `lambdas/models/status.py`; others are the same."""


def model_endpoint() -> str:
    """The URL of the service, which only the stack's setting names.

    Raises:
        ServiceEnded: there is none, as AWS has ended the service.
    """
    url = settings().endpoint_url(FACTS.key)
    if url is None:
        raise ServiceEnded(str(SERVICES[FACTS.key].end_notice))
    return url


def signer() -> Signer:
    """A signer with this function's endpoint and credentials. Raises ServiceEnded."""
    return Signer(FACTS.key, model_endpoint(), settings().region, Session().get_credentials())


def find_model(model_arn: str) -> ModelControl:
    """The model of an ARN. The ARN names project and version, so nothing is looked up.

    Raises:
        ServiceEnded: the stack has no endpoint of the service.
    """
    arn = ModelArn.of(model_arn)
    arn_prefix = f"arn:{arn.partition}:{arn.service}:{arn.region}:{arn.account}"
    return model_of(model_arn, f"{arn_prefix}:project/{arn.project}")


def model_of(model_arn: str, handle: str) -> ModelControl:
    """The model in its project, whose ARN is the `handle`. Raises ServiceEnded."""
    model_endpoint()
    return LookoutVisionModel(model_arn, handle)


class LookoutVisionModel:
    """A model of Lookout for Vision."""

    def __init__(self, model_arn: str, handle: str) -> None:
        self.model_arn = model_arn
        self.handle = handle

    def look(self) -> ModelState:
        """Read the model's present state. Raises ModelNotFound, AccessDenied."""
        with look_errors(FACTS, self.model_arn):
            description = _call("DescribeModel", look_request(self.model_arn))["ModelDescription"]
        status = description["Status"]
        return ModelState(
            STATUSES.get(status, status),
            description.get("StatusMessage", ""),
            description.get("MinInferenceUnits"),
            description.get("MaxInferenceUnits"),
            service_status=status,
        )

    def start(
        self, min_units: int, max_units: int | None = None, *, token: str, failed: ModelState | None = None
    ) -> None:
        """Request a start. Only `look` shows its effect. Without `max_units` the model does not auto-scale.

        Within eight hours, requests with the same token are one. `failed` is the model's state if it is FAILED.

        Raises:
            ModelNotStartable: the model is FAILED, and the start was refused.
            ModelStartFailed: a retry would be refused, too. ModelNotFound, AccessDenied.
        """
        with start_errors(FACTS, self.model_arn, failed):
            _call("StartModel", start_request(self.model_arn, min_units, max_units, token))

    def stop(self, *, token: str) -> None:
        """Request a stop. Only `look` shows its effect. Raises ModelNotFound, AccessDenied."""
        with stop_errors(FACTS, self.model_arn):
            _call("StopModel", stop_request(self.model_arn, token))


def _call(operation: str, request: PreparedRequest) -> dict[str, Any]:
    """The members of the reply.

    Raises:
        ClientError: the service refused the call.
        ConnectionClosedError: the replies to all attempts got lost.
    """
    reply = _reply_to(request)
    if reply.outcome in (CONNECTION_LOST, TIMED_OUT):
        raise ConnectionClosedError(endpoint_url=f"{model_endpoint()}{request.path}")
    if reply.outcome != ACCEPTED:
        raise ClientError({"Error": {"Code": reply.outcome, "Message": reply.message}}, operation)
    members: dict[str, Any] = json.loads(reply.body)
    return members


def _reply_to(request: PreparedRequest) -> Reply:
    """The reply to the last attempt."""
    connection = HttpConnection(signer(), call_reply, READ_TIMEOUT_S)
    try:
        for attempt in range(ATTEMPTS):
            reply = connection.send(request)
            is_retriable = reply.outcome in _RETRIABLE_ERRORS or reply.outcome.startswith("HTTP5")
            if not is_retriable or attempt == ATTEMPTS - 1:
                break
            time.sleep(FIRST_PAUSE_S * 2**attempt)
        return reply
    finally:
        connection.close()
