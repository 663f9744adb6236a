"""What a request came to, in one name. Every service's replies are classified into these, or into an error's own name.

They are kept in counts, so they stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass

ACCEPTED = "accepted"

THROTTLED = "throttled"  # the model's inference units are full: the observation the search is after

RAMP_LIMIT = "SuddenIncreaseThrottled"  # "Slow down; sudden increase in rate of requests."

ACCOUNT_LIMITS = ("ThrottlingException", "LimitExceededException", RAMP_LIMIT)  # not the model's capacity

CONNECTION_LOST, TIMED_OUT = "ConnectionError", "RequestTimeout"  # the model may have taken the request

DENIED = "AccessDeniedException"

MODEL_GONE = frozenset({"ResourceNotReadyException", "ResourceNotFoundException"})

S3_LIMIT = "S3DownloadLimitExceeded"  # the images' bucket is read too fast


@dataclass(frozen=True)
class Reply:
    """ACCEPTED, THROTTLED, or the name of an error, with the service's message in one printable line."""

    outcome: str
    message: str = ""
