"""Reads the answer to an accepted DetectAnomalies request."""

from __future__ import annotations

import base64
import json

from iu_tuner.contract.detections import anomaly_label
from lambdas.models.outcomes import Reply
from lambdas.models.ports import Result


def result_of(reply: Reply) -> Result:
    """The members as boto3 gave them, with ResponseMetadata, and one label: `anomaly` or `normal`.

    The confidence of the service is 0 to 1; that of the label is 0 to 100. The mask is apart, as it may have 5 MB.

    Raises:
        ValueError: the body is not an answer of DetectAnomalies.
    """
    try:
        members = json.loads(reply.body)
        anomaly_result = members["DetectAnomalyResult"]
        mask = base64.b64decode(anomaly_result.pop("AnomalyMask", ""), validate=True)
        label = anomaly_label(anomaly_result)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the service's answer is not one of DetectAnomalies: {reply.body[:100]!r}") from error
    metadata = {"RequestId": reply.request_id, "HTTPStatusCode": 200, "RetryAttempts": 0}
    return Result({**members, "ResponseMetadata": metadata}, (label,), mask)
