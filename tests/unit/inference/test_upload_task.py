"""The failure of an upload is news only if the object still has the content that failed."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.inference.upload_task import UploadTask
from lambdas.models.rekognition.facts import FACTS
from lambdas.processing.image_result import Question
from lambdas.processing.image_work import Processing
from lambdas.processing.outcomes import Rules
from lambdas.processing.result_store import ResultStore
from tests.unit.inference.conftest import BUCKET

KEY = "a b+%.jpg"


def failed_task(s3: Any) -> UploadTask:
    """The task of an empty object, which is refused without a request."""
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"")
    unused: Any = None
    processing = Processing(Question("model", BUCKET), Rules(FACTS), unused, ResultStore(s3, BUCKET, BUCKET))
    task = UploadTask(KEY, processing, unused, lambda: 0.0)
    assert task.prepare() is None
    assert files(s3) == {KEY, f"{KEY}.error.json"}
    return task


def files(s3: Any) -> set[str]:
    return {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def test_a_content_that_stays_has_failed(s3: Any) -> None:
    task = failed_task(s3)

    task.conclude()

    assert task.failure is not None
    assert task.failure.error == "EmptyImage"
    assert files(s3) == {KEY, f"{KEY}.error.json"}


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_content_that_is_replaced_or_deleted_meanwhile_has_not(s3: Any, *, is_deleted: bool) -> None:
    task = failed_task(s3)
    if is_deleted:
        s3.delete_object(Bucket=BUCKET, Key=KEY)
    else:
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"another one")

    task.conclude()

    assert task.failure is None
    assert task.is_over is is_deleted, "the message comes back, and finds the present content"
    assert files(s3) == (set() if is_deleted else {KEY})
