"""The work with one image: from listed to done, failed or current. An image without any of these is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from iu_tuner.contract.choices import Source
from iu_tuner.contract.detections import Detections, ListedImage
from iu_tuner.formats import iso
from lambdas.aws.errors import AWS_ERRORS, BotoCoreError, ClientError, code_of, message_of, status_of
from lambdas.aws.logging import logger
from lambdas.images.formats import fault_of_format
from lambdas.images.image import fault_of_bytes
from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.models.ports import Detector, PreparedRequest, Result
from lambdas.processing.image_result import Question, error_file, is_too_long, result_file
from lambdas.processing.outcomes import INVALID_ANSWER, Failure, Rules, Step, Tries
from lambdas.processing.result_store import ResultStore

# Errors of images that are refused before a request, beside the service's own names.
EMPTY, TOO_LARGE, NO_IMAGE = "EmptyImage", "ImageTooLargeException", "InvalidImageFormatException"
KEY_TOO_LONG = "ResultKeyTooLong"


class Outcome(Enum):
    """How the work with an image ended."""

    CURRENT = "current"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Processing:
    """What the images of a batch or a queue have in common. Without `has_files` an image gets no file of its own."""

    question: Question
    rules: Rules
    detector: Detector
    store: ResultStore
    source: Source = "s3"
    has_files: bool = True


class ImageWork:
    """One image's way. One thread at a time may use it.

    `outcome` is None while the image is open, and at the end if it is left. `found` and `failure` belong to it.
    """

    def __init__(self, image: ListedImage, processing: Processing, now: Callable[[], float] = time.time) -> None:
        self.image = image
        self.outcome: Outcome | None = None
        self.found: Detections | None = None
        self.failure: Failure | None = None
        self._processing = processing
        self._now = now
        self._tries = Tries()
        self._prepared: PreparedRequest | None = None
        self._result: Result | None = None

    @property
    def not_before(self) -> float:
        """The time (epoch seconds) from which the image should be sent; 0 means at once."""
        return self._tries.not_before

    def prepare(self) -> PreparedRequest | None:
        """The request to send. Returns None if the image has an outcome without one."""
        if self.outcome is None and self._prepared is None:
            try:
                self._prepared = self._decide()
            except AWS_ERRORS as error:
                self._fail_at_s3(error)
        return None if self.outcome is not None else self._prepared

    def finish(self, reply: Reply, ms: float) -> bool:
        """Record a reply that took `ms` milliseconds. Returns True if the image must be prepared again later."""
        if reply.outcome == ACCEPTED:
            return self._accept(reply, ms)
        return self._count(reply.outcome, reply.message)

    def _decide(self) -> PreparedRequest | None:
        """Decide without a request where that is possible. Raises ClientError, BotoCoreError."""
        if self._result is not None:
            return self._write(self._result)
        if (refusal := self._refusal()) is not None:
            return self._fail(*refusal, permanent=True)
        every, image = self._processing, self.image
        if every.has_files:
            metadata = every.store.metadata(image.key)
            if metadata is not None and every.question.is_current(image, metadata):
                self.outcome = Outcome.CURRENT
                return None
        least = every.question.asked_from
        if every.source == "s3":
            return every.detector.request_with_object(every.question.bucket, image.key, image.version_id, least)
        content, e_tag = every.store.read_image(image)
        # The result is about the content that was read, which may be newer than the listing.
        self.image = replace(image, e_tag=e_tag, size=len(content))
        fault = fault_of_bytes(len(content), "bytes")
        if fault is None and (fault := fault_of_format(content[:512])) is None:
            return every.detector.request_with_bytes(content, least)
        return self._fail(NO_IMAGE if fault.kind not in ("empty",) else EMPTY, fault.reason, permanent=True)

    def _refusal(self) -> tuple[str, str] | None:
        """An error and its message that the listing shows. Returns None if there is none."""
        every, image = self._processing, self.image
        result_key = every.store.keys.of_result(image.key)
        if every.has_files and is_too_long(result_key):
            return KEY_TOO_LONG, f"its result would have a key of {len(result_key.encode())} bytes; S3 takes 1,024"
        if (fault := fault_of_bytes(image.size, every.source)) is not None:
            return (TOO_LARGE if image.size else EMPTY), fault.reason
        return None

    def _accept(self, reply: Reply, ms: float) -> bool:
        try:
            result = self._processing.detector.result(reply)
        except ValueError as error:
            return self._count(INVALID_ANSWER, str(error))
        _, self._tries = self._processing.rules.after(ACCEPTED, self._tries, self._now())
        at = str(iso(self._now()))
        self.found = Detections(self.image, result.labels, round(ms), self._tries.attempts, at)
        self._result, self._prepared = result, None
        try:
            self._write(result)
        except AWS_ERRORS:
            # The answer is kept: the next `prepare` writes it again, and nothing is asked twice.
            logger.warning("a result was not written at once", exc_info=True)
            return True
        return False
