"""Whatever the replies and S3's faults: an image has one outcome, and none is paid for again after its result."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import example, given
from hypothesis import strategies as st

from iu_tuner.contract.detections import ListedImage
from lambdas.models.outcomes import ACCEPTED, THROTTLED, Reply
from lambdas.models.ports import Result
from lambdas.models.rekognition.facts import FACTS
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import ImageWork, Processing
from lambdas.processing.outcomes import Outcome, Rules
from lambdas.processing.result_store import ResultStore
from tests.unit.processing.in_rounds import send_in_rounds
from tests.unit.processing.one_bee import OneBee

JPEG = b"\xff\xd8\xff\xe0"
BROKEN = Reply(ACCEPTED, body=b"broken")


class MemoryS3:
    """Objects of two buckets in memory. Its next calls fail as `faults` says."""

    def __init__(self, faults: list[bool]) -> None:
        self.objects: dict[str, tuple[bytes, Mapping[str, str]]] = {}
        self.faults = list(faults)

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._fail("HeadObject")
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "HeadObject")  # type: ignore[typeddict-item]
        return {"Metadata": self.objects[Key][1]}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, Metadata: Mapping[str, str], ContentType: str) -> None:
        self._fail("PutObject")
        self.objects[Key] = (Body, Metadata)

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self._fail("DeleteObject")
        self.objects.pop(Key, None)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._fail("GetObject")
        return {"Body": io.BytesIO(JPEG), "ETag": '"e2"'}

    def _fail(self, operation: str) -> None:
        if self.faults and self.faults.pop():
            raise ReadTimeoutError(endpoint_url=operation)


class Answering(OneBee):
    """One of its replies can't be read."""

    def result(self, reply: Reply) -> Result:
        if reply is BROKEN:
            raise ValueError("broken")
        return super().result(reply)


def processing(s3: MemoryS3, *, source: Any = "s3", has_files: bool = True) -> Processing:
    store = ResultStore(s3, "images", "results", ResultKeys("results/"))
    question = Question("arn:model", "images")
    return Processing(question, Rules(FACTS, 3), Answering(), store, source=source, has_files=has_files)


NAMES = ["InvalidImageFormatException", "InvalidS3ObjectException", "InternalServerError", "ResourceNotReadyException"]
replies = st.lists(st.sampled_from([*[Reply(ACCEPTED)] * 3, BROKEN, Reply(THROTTLED), *map(Reply, NAMES)]), max_size=12)
images = st.builds(
    ListedImage,
    st.sampled_from(["a.jpg", "b c+%é.jpg", "k" * 1015, "k" * 1024]),
    st.just("e1"),
    st.sampled_from([0, 1000, 5_000_000, 16_000_000]),
)


ANSWERED_TWICE: dict[str, Any] = {
    "image": ListedImage("a.jpg", "e1", 1000),
    "script": [Reply(ACCEPTED)] * 2,
    "source": "s3",
    "has_files": True,
}


@dataclass(frozen=True)
class Round:
    """A round, which ends when the script does."""

    model_is_gone: bool


def send(work: ImageWork, script: list[Reply], now: Callable[[], float]) -> int:
    """Send in rounds as long as replies are there. Returns how many were answers."""
    accepted = 0

    def send_once(todo: Iterator[ImageWork]) -> Round:
        nonlocal accepted
        for each in todo:
            # Like the sender, it sends the same request again.
            if (prepared := each.prepare()) is not None:
                is_again = True
                while script and is_again:
                    reply = script.pop(0)
                    accepted += reply.outcome == ACCEPTED and reply is not BROKEN
                    is_again = each.finish(reply, 183.4)
                assert prepared.sha256
        return Round(model_is_gone=not script)

    send_in_rounds([work], send_once, 1e12, now, lambda seconds: None)
    return accepted


# The faults are taken from their end: S3 looks for an earlier result, but does not take the new one, once or twice.
@example(**ANSWERED_TWICE, faults=[True, False])
@example(**ANSWERED_TWICE, faults=[True, True, False])
@given(images, replies, st.lists(st.booleans(), max_size=8), st.sampled_from(["s3", "bytes"]), st.booleans())
def test_an_image_has_one_outcome_and_is_not_paid_for_twice(image, script, faults, source, has_files):
    s3 = MemoryS3(faults)
    every = processing(s3, source=source, has_files=has_files)
    clock = iter(range(0, 100_000, 10))
    work = ImageWork(image, every, now=lambda: next(clock))

    accepted = send(work, list(script), lambda: next(clock))

    result_key = every.store.keys.of_result(image.key)
    assert (work.outcome is Outcome.DONE) == (work.detections is not None and work.outcome is not None)
    assert (work.outcome is Outcome.FAILED) == (work.failure is not None)
    assert accepted <= 1
    assert not accepted or work.outcome is not None  # an answer is never left
    if work.outcome is Outcome.DONE:
        assert accepted == 1
        assert (result_key in s3.objects) == has_files
        assert every.store.keys.of_error(image.key) not in s3.objects
    else:
        assert result_key not in s3.objects
    if work.outcome is not None:
        assert work.prepare() is None
    s3.faults.clear()
    again = ImageWork(work.image, every, now=lambda: next(clock))
    if has_files and work.outcome is Outcome.DONE:
        assert again.prepare() is None
        assert again.outcome is Outcome.CURRENT


@given(st.sampled_from(NAMES[:3]))
def test_a_later_success_deletes_the_error(name):
    s3 = MemoryS3([])
    every = processing(s3)
    image, clock = ListedImage("a.jpg", "e1", 1000), iter(range(0, 100_000, 10))

    send(ImageWork(image, every, now=lambda: next(clock)), [Reply(name)] * 9, lambda: next(clock))
    assert list(s3.objects) == ["results/a.jpg.error.json"]

    send(ImageWork(image, every, now=lambda: next(clock)), [Reply(ACCEPTED)], lambda: next(clock))
    assert list(s3.objects) == ["results/a.jpg.json"]


def test_an_image_whose_result_has_no_place_is_refused_before_it_is_paid_for():
    s3 = MemoryS3([])
    work = ImageWork(ListedImage("k" * 1020, "e1", 1000), processing(s3))

    assert work.prepare() is None
    assert work.failure is not None
    assert (work.failure.error, work.failure.permanent, work.failure.attempts) == ("ResultKeyTooLong", True, 0)
    assert work.failure.message == "its result would have a key of 1,033 bytes; S3 takes 1,024"
    assert s3.objects == {}
    # Without files of its own it has a place.
    assert ImageWork(work.image, processing(s3, has_files=False)).prepare() is not None


def test_an_image_that_changed_after_the_listing_has_the_read_one_s_result():
    s3 = MemoryS3([])
    work = ImageWork(ListedImage("a.jpg", "e1", 1000), processing(s3, source="bytes"))

    send(work, [Reply(ACCEPTED)], lambda: 1.0)

    assert s3.objects["results/a.jpg.json"][1]["source-etag"] == "e2"
    assert work.detections is not None
    assert (work.detections.image.e_tag, work.detections.image.size) == ("e2", len(JPEG))
