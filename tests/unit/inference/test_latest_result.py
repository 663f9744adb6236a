"""Whichever of two batches with the same image writes last: the result is that of the image's present content."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.contract.uploads.current import result_metadata
from lambdas.inference.latest_result import LatestResult
from lambdas.processing.result_store import ResultStore
from tests.unit.inference.conftest import BUCKET

KEY = "a b+%.jpg"


class Batch:
    """The work with the image in one batch of messages."""

    def __init__(self, s3: Any) -> None:
        self._store = LatestResult.of(ResultStore(s3, BUCKET, BUCKET))
        image = self._store.look_up(KEY)
        assert image is not None
        self._metadata = result_metadata(image.e_tag, "model", 50)
        self.found = self._store.metadata(KEY)

    def write(self, labels: bytes, mask: bytes | None = None) -> bool:
        return self._store.write_result(KEY, labels, self._metadata, mask)


def upload(s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=content)


def result(s3: Any, suffix: str = ".json") -> bytes:
    content: bytes = s3.get_object(Bucket=BUCKET, Key=f"{KEY}{suffix}")["Body"].read()
    return content


@pytest.mark.parametrize("has_result", [False, True])
@pytest.mark.parametrize("older_is_last", [False, True])
def test_an_earlier_content_never_has_the_last_word(s3: Any, *, has_result: bool, older_is_last: bool) -> None:
    upload(s3, b"first")
    if has_result:
        assert Batch(s3).write(b"of first")
        upload(s3, b"second")
    older = Batch(s3)
    upload(s3, b"present")
    newer = Batch(s3)

    if older_is_last:
        assert newer.write(b"of present", b"mask of present")
        assert not older.write(b"of older", b"mask of older"), "another message is about what is there now"
        assert result(s3, ".mask.png") == b"mask of present"
        assert not older.write(b"of older")
    else:
        assert older.write(b"of older")
        assert newer.write(b"of present")

    assert result(s3) == b"of present"
    assert Batch(s3).found == newer._metadata


def test_a_write_whose_reply_was_lost_is_written_again(s3: Any) -> None:
    upload(s3, b"first")
    batch = Batch(s3)

    assert batch.write(b"the answer")
    assert batch.write(b"the answer")

    assert result(s3) == b"the answer"


def test_the_result_of_an_image_that_is_gone_is_not_written_over_another_one(s3: Any) -> None:
    upload(s3, b"first")
    older, newer = Batch(s3), Batch(s3)
    assert newer.write(b"of first")
    s3.delete_object(Bucket=BUCKET, Key=KEY)

    assert not older.write(b"of older")

    assert result(s3) == b"of first"
