"""Which answer of Lookout for Vision is a throttle of the model, which one is another limit, and what else can come."""

from __future__ import annotations

import base64
import json

import pytest

from iu_tuner.contract.detections import Label
from lambdas.models.lookout_vision.reply import detect_reply
from lambdas.models.lookout_vision.result import result_of
from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, MODEL_GONE, THROTTLED, Reply
from lambdas.models.wire.http_reply import HttpReply


@pytest.mark.parametrize(
    ("status", "error_type", "members", "outcomes"),
    [
        (200, b"", {}, {ACCEPTED}),
        (429, b"ThrottlingException", {"Message": "Rate exceeded"}, {THROTTLED}),
        (429, b"ThrottlingException", {"QuotaCode": "L-1"}, set(ACCOUNT_LIMITS)),
        (429, b"", {}, {THROTTLED}),
        (400, b"ValidationException:http://internal/", {}, {"ValidationException"}),
        (413, b"", {}, {"ValidationException"}),
        (404, b"ResourceNotFoundException", {}, MODEL_GONE),
        (409, b"ConflictException", {}, MODEL_GONE),
        (403, b"AccessDeniedException", {}, {"AccessDeniedException"}),
        (500, b"InternalServerException", {}, {"InternalServerError"}),
        (502, b"", {}, {"HTTP502"}),
    ],
)
def test_a_reply_is_classified(status: int, error_type: bytes, members: dict[str, str], outcomes: set[str]) -> None:
    reply = HttpReply(status, json.dumps(members).encode(), is_last=False, error_type=error_type)

    assert detect_reply(reply).outcome in outcomes


@pytest.mark.parametrize(("is_anomalous", "name"), [(True, "anomaly"), (False, "normal")])
def test_the_answer_keeps_its_confidence_and_the_label_has_percent(is_anomalous: bool, name: str) -> None:
    found = {"Source": {"Type": "direct"}, "IsAnomalous": is_anomalous, "Confidence": 0.9996}

    result = result_of(Reply(ACCEPTED, body=json.dumps({"DetectAnomalyResult": found}).encode()))

    assert result.members["DetectAnomalyResult"] == found
    assert result.labels == (Label(name, 99.96, None),)


def test_a_mask_is_apart_from_the_answer() -> None:
    found = {"IsAnomalous": True, "Confidence": 0.9, "Anomalies": []}
    mask = {"AnomalyMask": base64.b64encode(b"a PNG").decode()}

    result = result_of(Reply(ACCEPTED, body=json.dumps({"DetectAnomalyResult": {**found, **mask}}).encode()))

    assert (result.members["DetectAnomalyResult"], result.mask) == (found, b"a PNG")


BROKEN_MASK = b'{"DetectAnomalyResult": {"IsAnomalous": true, "Confidence": 0.9, "AnomalyMask": "iV..."}}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"DetectAnomalyResult": {}}', BROKEN_MASK])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not one of DetectAnomalies"):
        result_of(Reply(ACCEPTED, body=body))
