"""Which answer of the service is a throttle of the model, which one is another limit, and what else can come back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.models.outcomes import ACCEPTED, RAMP_LIMIT, S3_LIMIT, THROTTLED, Reply
from lambdas.models.rekognition.reply import reply_of

RAMP = "Slow down; sudden increase in rate of requests."
PTEE = "ProvisionedThroughputExceededException"


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (200, {"CustomLabels": []}, ACCEPTED),
        (400, {"__type": PTEE, "Message": "Provisioned Rate exceeded."}, THROTTLED),
        (400, {"__type": f"com.amazonaws.rekognition#{PTEE}"}, THROTTLED),
        (400, {"Code": PTEE, "Message": "S3 download limit exceeded."}, S3_LIMIT),
        (400, {"__type": f"{PTEE}:http://internal/"}, THROTTLED),
        (429, {"message": "Too Many Requests"}, THROTTLED),
        (429, {}, THROTTLED),
        (429, {"__type": "TooManyRequestsException"}, THROTTLED),
        (429, {"__type": "ThrottlingException", "message": "Rate exceeded"}, "ThrottlingException"),
        (400, {"__type": "ThrottlingException", "Message": RAMP}, RAMP_LIMIT),
        (400, {"__type": "ThrottlingException"}, "ThrottlingException"),
        (500, {"__type": "InternalServerError"}, "InternalServerError"),
        (503, {"message": "unavailable"}, "HTTP503"),
        (400, {"__type": 7}, "HTTP400"),
        (400, {"__type": "no name\n\ud800"}, "HTTP400"),
    ],
)
def test_an_answer_is_told_by_its_name_or_else_by_its_status(
    status: int, error: dict[str, object], outcome: str
) -> None:
    assert reply_of(status, json.dumps(error).encode()).outcome == outcome


@pytest.mark.parametrize(
    "body", [b"", b"null", b'"text"', b"[1]", b"{", b"<html>", b"\xff\xfe", b"[" * 100_000, b"1" * 5000]
)
def test_a_body_that_is_no_error_of_the_service_leaves_the_status(body: bytes) -> None:
    assert reply_of(502, body) == Reply("HTTP502")
    assert reply_of(429, body) == Reply(THROTTLED)


def test_the_services_sentence_is_kept() -> None:
    said = "User: arn:aws:sts::123456789012:assumed-role/a/b is not authorized"

    assert reply_of(400, json.dumps({"__type": "AccessDeniedException", "Message": said}).encode()) == Reply(
        "AccessDeniedException", said
    )


any_text = st.text(st.characters(exclude_categories=()), max_size=40)
members: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.sampled_from(["__type", "Code", "Message", "message"]),
    any_text | st.sampled_from([PTEE, 7, None, [], {}, 1.5, True]),
)


@given(st.integers(300, 599), members.map(lambda error: json.dumps(error).encode()) | st.binary())
def test_whatever_comes_back_can_be_kept_and_shown(status: int, body: bytes) -> None:
    reply = reply_of(status, body)

    assert (reply.outcome + reply.message).encode().decode().isprintable()
    assert reply.outcome != ACCEPTED
