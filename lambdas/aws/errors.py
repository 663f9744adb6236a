"""The errors of AWS calls, for packages that catch them and import no SDK."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

# Everything that a call of AWS may raise: a service refuses it, or it does not get an answer at all.
AWS_ERRORS = (ClientError, BotoCoreError)

__all__ = ["AWS_ERRORS", "BotoCoreError", "ClientError", "code_of", "message_of", "status_of"]


def code_of(error: ClientError) -> str:
    """The service's name for the error, such as `AccessDenied`, or an empty text."""
    return str(error.response["Error"].get("Code", ""))


def message_of(error: ClientError) -> str:
    """The service's own words, or an empty text."""
    return str(error.response["Error"].get("Message") or "")


def status_of(error: ClientError) -> int:
    """The HTTP status; 500 where the error has none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
