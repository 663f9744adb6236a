"""The errors of AWS calls, for packages that catch them but do not import the SDK."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

# All errors of an AWS call: the service refuses it (ClientError), or it gets no reply (BotoCoreError).
AWS_ERRORS = (ClientError, BotoCoreError)

__all__ = ["AWS_ERRORS", "BotoCoreError", "ClientError", "code_of", "message_of", "status_of"]


def code_of(error: ClientError) -> str:
    """The service's name for the error, such as `AccessDenied`. Empty if there is none."""
    return str(error.response["Error"].get("Code", ""))


def message_of(error: ClientError) -> str:
    """The service's message. Empty if there is none."""
    return str(error.response["Error"].get("Message") or "")


def status_of(error: ClientError) -> int:
    """The HTTP status, or 500 if the error has none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
