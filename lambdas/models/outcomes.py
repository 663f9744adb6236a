"""The outcomes of a request. Each service classifies its replies as one of these, or by the error's own name.

Stored counts contain the outcomes' names, so the names must not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ACCEPTED = "accepted"

THROTTLED = "throttled"  # the model's inference units are at their limit, which the search wants to observe

RAMP_LIMIT = "SuddenIncreaseThrottled"  # "Slow down; sudden increase in rate of requests."

ACCOUNT_LIMITS = ("ThrottlingException", "LimitExceededException", RAMP_LIMIT)  # limits of the account, not the model

CONNECTION_LOST, TIMED_OUT = "ConnectionError", "RequestTimeout"  # the model may have accepted the request

DENIED = "AccessDeniedException"

MODEL_GONE = frozenset({"ResourceNotReadyException", "ResourceNotFoundException"})

S3_LIMIT = "S3DownloadLimitExceeded"  # the service reads the images' bucket too fast


@dataclass(frozen=True)
class Reply:
    """A reply to a request: ACCEPTED, THROTTLED or an error's name, and the service's message in one printable line.

    An accepted one has the answer's `body` and the service's `request_id`, which equality leaves out.
    """

    outcome: str
    message: str = ""
    body: bytes = field(default=b"", compare=False, repr=False)
    request_id: str = field(default="", compare=False)
