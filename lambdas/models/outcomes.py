"""What a request came to, in one name."""

from __future__ import annotations

ACCEPTED = "accepted"

THROTTLED = "throttled"  # "Provisioned Rate exceeded.": the observation the search is after

RAMP_LIMIT = "SuddenIncreaseThrottled"  # a ThrottlingException: "Slow down; sudden increase in rate of requests."

ACCOUNT_LIMITS = ("ThrottlingException", "LimitExceededException", RAMP_LIMIT)  # not the model's capacity

CONNECTION_LOST, TIMED_OUT = "ConnectionError", "RequestTimeout"  # the model may have taken the request

MODEL_GONE = frozenset({"ResourceNotReadyException", "ResourceNotFoundException"})

S3_LIMIT = "S3DownloadLimitExceeded"  # same exception as a throttle, another limit
