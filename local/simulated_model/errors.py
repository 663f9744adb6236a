"""The errors of the service as clients receive them: code, message, HTTP status."""

import json
import uuid

# Codes with HTTP status 500; all others have 400.
SERVER_ERRORS = frozenset({"InternalServerError"})

NOT_FOUND = "The resource specified in the request doesn't exist."
RATE_EXCEEDED = "Provisioned Rate exceeded."
S3_RATE_EXCEEDED = "S3 download limit exceeded."
ACCOUNT_RATE_EXCEEDED = "Rate exceeded"
SLOW_DOWN = "Slow down; sudden increase in rate of requests."
INVALID_S3_OBJECT = "Unable to get object metadata from S3. Check object key, region and/or access permissions."

INVALID_PARAMETERS = "Request has invalid parameters"
INVALID_IMAGE_FORMAT = "Request has invalid image format"
IMAGE_TOO_LARGE = "Image size is too large."
SERVER_ERROR = "Internal server error"

# The messages of refusals that a test asks for.
MESSAGES = {
    "ImageTooLargeException": IMAGE_TOO_LARGE,
    "InternalServerError": SERVER_ERROR,
    "InvalidImageFormatException": INVALID_IMAGE_FORMAT,
    "InvalidS3ObjectException": INVALID_S3_OBJECT,
    "ProvisionedThroughputExceededException": RATE_EXCEEDED,
    "ThrottlingException": ACCOUNT_RATE_EXCEEDED,
}


class ServiceError(Exception):
    """A request that the service refuses, or fails to serve."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """The HTTP status of the error's response."""
        return 500 if self.code in SERVER_ERRORS else 400

    def body(self) -> bytes:
        """The JSON 1.1 body with a new log reference."""
        content = {"__type": self.code, "Code": self.code, "Logref": str(uuid.uuid4()), "Message": self.message}
        return json.dumps(content).encode()


def refusal(code: str) -> ServiceError:
    """The error with this code."""
    return ServiceError(code, MESSAGES.get(code, INVALID_PARAMETERS))


def violated(member: str, value: object, constraint: str) -> ServiceError:
    """The error for a member that violates a constraint of the service's API model."""
    shown = "null" if value is None else f"'{value}'"
    return ServiceError(
        "ValidationException",
        f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {constraint}",
    )


def invalid_parameters(detail: str = INVALID_PARAMETERS) -> ServiceError:
    """The error for values that are well formed but not valid together."""
    return ServiceError("InvalidParameterException", detail)
