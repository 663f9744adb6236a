"""Messages of the queue: real events of EventBridge and S3, and texts that are about no upload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inference.messages import NoUpload, uploaded_keys

EVENTS = Path(__file__).parent / "events"
CREATED = {
    "s3Event": ("lambda-artifacts-deafc19498e3f2df", "b21b84d653bb07b05b1e6b33684dc11b"),
    "s3-event-with-decoded": ("sourcebucket", "Happy Face.jpg"),
    "s3EventBridgeNotificationObjectCreatedEvent": ("example-bucket", "IMG_m7fzo3.jpg"),
}
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


def read(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text("utf-8")


def eventbridge(key: Any, bucket: Any = "b") -> str:
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "etag": "e", "sequencer": "00"}}
    return json.dumps({"detail-type": "Object Created", "detail": detail})


def notification(*keys: str) -> str:
    about = [{"bucket": {"name": "b"}, "object": {"key": quote_plus(key), "eTag": "e"}} for key in keys]
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": each} for each in about]})


@pytest.mark.parametrize("name", CREATED)
def test_a_real_event_of_an_upload_names_its_object(name: str) -> None:
    bucket, key = CREATED[name]

    assert uploaded_keys(read(name), bucket) == [key]
    with pytest.raises(NoUpload):
        uploaded_keys(read(name), "another-bucket")


def test_a_notification_inside_a_message_of_sqs_names_its_object() -> None:
    body = json.loads(read("s3SqsEvent"))["Records"][0]["body"]

    assert uploaded_keys(body, "xxx") == ["test.pdf"]


@pytest.mark.parametrize(
    "body",
    [
        read("s3EventDeleteObject"),
        read("s3BatchOperationEventSchemaV1"),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}),
        "hello",
        "",
        "[]",
        "[" * 100_000,
        json.dumps({"Records": "none"}),
        json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": "b"}}]}),
        eventbridge(7),
        eventbridge("", "b"),
        eventbridge("a", None),
        json.dumps({"detail-type": "Object Created"}),
        json.dumps({"detail-type": "Object Deleted", "detail": {"bucket": {"name": "b"}, "object": {"key": "a"}}}),
    ],
)
def test_what_is_about_no_upload_is_refused(body: str) -> None:
    with pytest.raises(NoUpload):
        uploaded_keys(body, "b")


@given(keys=st.lists(KEYS, min_size=1, max_size=3, unique=True))
def test_keys_come_as_they_are_from_eventbridge_and_encoded_from_s3(keys: list[str]) -> None:
    assert uploaded_keys(eventbridge(keys[0]), "b") == keys[:1]
    assert uploaded_keys(notification(*keys), "b") == keys
    assert uploaded_keys(notification(*keys, *keys), "b") == keys
