"""Reads the answer to an accepted DetectCustomLabels request."""

from __future__ import annotations

import json
from typing import Any

from iu_tuner.contract.detections import Box, Label
from lambdas.models.outcomes import Reply
from lambdas.models.ports import Result


def result_of(reply: Reply) -> Result:
    """The members as boto3 gives them, with ResponseMetadata, and the labels.

    Raises:
        ValueError: the body is not an answer of DetectCustomLabels.
    """
    try:
        members = json.loads(reply.body)
        labels = tuple(_label(custom_label) for custom_label in members["CustomLabels"])
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the service's answer is not one of DetectCustomLabels: {reply.body[:100]!r}") from error
    metadata = {"RequestId": reply.request_id, "HTTPStatusCode": 200, "RetryAttempts": 0}
    return Result({**members, "ResponseMetadata": metadata}, labels)


def _label(custom_label: dict[str, Any]) -> Label:
    sides = (custom_label.get("Geometry") or {}).get("BoundingBox")
    box = None if sides is None else Box(sides["Left"], sides["Top"], sides["Width"], sides["Height"])
    return Label(custom_label["Name"], custom_label["Confidence"], box)
