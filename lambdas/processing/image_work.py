"""The work with one image: from listed to done, failed or current. An image without any of these is left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from iu_tuner.contract.choices import Source
from iu_tuner.contract.detections import Detections, ListedImage
from iu_tuner.formats import iso
from lambdas.aws.errors import AWS_ERRORS, BotoCoreError, ClientError, code_of, message_of, status_of
from lambdas.aws.logging import logger
from lambdas.images.formats import fault_of_format
from lambdas.images.image import fault_of_bytes
from lambdas.images.sides import HEAD_BYTES
from lambdas.models.outcomes import ACCEPTED, DENIED, Reply
from lambdas.models.ports import Detector, PreparedRequest
from lambdas.processing.denials import Denials
from lambdas.processing.image_result import Question, error_file, is_too_long, result_file
from lambdas.processing.outcomes import INVALID_ANSWER, NO_ATTEMPT, NO_TRIES, Failure, Outcome, Rules, Tries
from lambdas.processing.result_store import ResultStore

# Errors of images that are refused before a request, beside the service's own names.
EMPTY_IMAGE, IMAGE_TOO_LARGE, INVALID_FORMAT = "EmptyImage", "ImageTooLargeException", "InvalidImageFormatException"
KEY_TOO_LONG = "ResultKeyTooLong"


@dataclass(frozen=True)
class Processing:
    """What the images of a batch or a queue have in common. Without `has_files` an image gets no file of its own.

    With `reads_current` a result that is current is read, as if the model had answered now. With `denials` the work
    ends if a right is missing.
    """

    question: Question
    rules: Rules
    detector: Detector
    store: ResultStore
    source: Source = "s3"
    has_files: bool = True
    reads_current: bool = False
    denials: Denials | None = None


class ImageWork:
    """One image's way. One thread at a time may use it.

    `outcome` is None while the image is open, and at the end if it is left. `detections` and `failure` belong to it; a
    current result has no `detections` if it was not read, or can't be read as a result. `tries`
    are the attempts so far, also those of earlier work with this image.
    """

    def __init__(
        self, image: ListedImage, processing: Processing, now: Callable[[], float] = time.time, tries: Tries = NO_TRIES
    ) -> None:
        self.image = image
        self.tries = tries
        self.outcome: Outcome | None = None
        self.detections: Detections | None = None
        self.failure: Failure | None = None
        self._processing = processing
        self._now = now
        self._prepared: PreparedRequest | None = None
        self._content = b""  # of the result's file
        self._mask: bytes | None = None  # of its anomalies
        self.has_unwritten_result = False  # whether S3 did not take the answer, which `conclude` writes

    @property
    def not_before(self) -> float:
        """The time (epoch seconds) from which the image should be sent; 0 means at once."""
        return self.tries.not_before

    @property
    def is_waiting(self) -> bool:
        """Whether the image had an error that may pass, and is to be sent again from `not_before` on."""
        return self.outcome is None and self.detections is None and self.tries.attempts > 0

    def prepare(self) -> PreparedRequest | None:
        """The request to send. Returns None if the image has an outcome without one."""
        self._decide_once(without_request=False)
        return None if self.outcome is not None else self._prepared

    def find_current(self) -> None:
        """Find the image's outcome without a request. The image is not read, and nothing is prepared to be sent."""
        self._decide_once(without_request=True)

    def finish(self, reply: Reply, ms: float) -> bool:
        """Record a reply that took `ms` milliseconds. Returns True after a limit: then the request is sent again.

        After any other error that may pass, the image is waiting: a later round sends it.

        Raises:
            AccessDenied: nothing but refusals for want of a right; only with `denials`.
        """
        if reply.outcome in NO_ATTEMPT:
            return True
        if reply.outcome == ACCEPTED:
            self._accept(reply, ms)
        else:
            self._count(reply.outcome, reply.message)
        return False

    def conclude(self) -> None:
        """Write an answer that S3 did not take when it came. If S3 refuses again, the image has failed."""
        if self.detections is not None and self.outcome is None:
            self.prepare()

    def _decide_once(self, *, without_request: bool) -> None:
        if self.outcome is None and self._prepared is None:
            try:
                self._decide(without_request=without_request)
            except AWS_ERRORS as error:
                self._fail_at_s3(error)

    def _decide(self, *, without_request: bool) -> None:
        """Find the image's outcome without a request, or prepare the request. Raises ClientError, BotoCoreError."""
        processing, image = self._processing, self.image
        if self.detections is not None:
            self._write()
        elif (refusal := self._refusal()) is not None:
            self._fail(*refusal, permanent=True)
        elif self._is_current():
            self.detections = self._stored_detections() if processing.reads_current else None
            self.outcome = Outcome.CURRENT
        elif without_request:
            pass
        elif processing.source == "bytes":
            self._prepare_content()
        else:
            bucket, min_confidence = processing.question.bucket, processing.question.requested_confidence
            self._prepared = processing.detector.request_with_object(
                bucket, image.key, image.version_id, min_confidence
            )

    def _is_current(self) -> bool:
        processing, image = self._processing, self.image
        metadata = processing.store.metadata(image.key) if processing.has_files else None
        return metadata is not None and processing.question.is_current(image, metadata)

    def _stored_detections(self) -> Detections | None:
        """The content of the current result. Returns None if it can't be read. Raises ClientError, BotoCoreError."""
        processing = self._processing
        content = processing.store.read_result(self.image.key)
        try:
            members = json.loads(content)["Inference"]
            labels = processing.detector.result(Reply(ACCEPTED, body=content)).labels
            return Detections(self.image, labels, round(members["ms"]), round(members["attempts"]), str(members["at"]))
        except (ValueError, TypeError, KeyError):
            return None

    def _prepare_content(self) -> None:
        content, e_tag = self._processing.store.read_image(self.image)
        # The result is about the content that was read, which may be newer than the listing.
        self.image = replace(self.image, e_tag=e_tag, size=len(content))
        if (refusal := self._refusal()) is not None:
            self._fail(*refusal, permanent=True)
        elif (fault := fault_of_format(content[:HEAD_BYTES])) is not None:
            self._fail(INVALID_FORMAT, fault.reason, permanent=True)
        else:
            processing = self._processing
            self._prepared = processing.detector.request_with_bytes(content, processing.question.requested_confidence)

    def _refusal(self) -> tuple[str, str] | None:
        """An error and its message that key and size show. Returns None if there is none."""
        processing, image = self._processing, self.image
        result_key = processing.store.keys.of_result(image.key)
        if processing.has_files and is_too_long(result_key):
            return KEY_TOO_LONG, f"its result would have a key of {len(result_key.encode()):,} bytes; S3 takes 1,024"
        if (fault := fault_of_bytes(image.size, processing.source)) is not None:
            return (IMAGE_TOO_LARGE if image.size else EMPTY_IMAGE), fault.reason
        return None

    def _accept(self, reply: Reply, ms: float) -> None:
        processing, now = self._processing, self._now()
        try:
            result = processing.detector.result(reply)
        except ValueError as error:
            self._count(INVALID_ANSWER, str(error))
            return
        _, self.tries = processing.rules.after(ACCEPTED, self.tries, now)
        self._prepared = None
        self.detections = Detections(self.image, result.labels, round(ms), self.tries.attempts, str(iso(now)))
        if processing.has_files:
            self._content, self._mask = result_file(processing.question, result, self.detections), result.mask
        try:
            self._write()
        except AWS_ERRORS as error:
            # Nothing is asked twice.
            self.has_unwritten_result = True
            if isinstance(error, ClientError) and status_of(error) == 403:
                self._deny(f"the write of {processing.store.keys.of_result(self.image.key)}", message_of(error))
            logger.warning("a result could not be written, and will be written later", exc_info=True)

    def _write(self) -> None:
        """Write the answer's file, unless there is a newer one. Raises ClientError, BotoCoreError."""
        processing, image, is_written = self._processing, self.image, True
        if processing.has_files:
            metadata = processing.question.metadata(image)
            is_written = processing.store.write_result(image.key, self._content, metadata, self._mask)
        if processing.denials is not None:
            processing.denials.record_success()
        self.outcome = Outcome.DONE if is_written else Outcome.CURRENT

    def _deny(self, what: str, message: str) -> None:
        """Record that a right is missing. Raises AccessDenied if there is nothing but refusals."""
        if self._processing.denials is not None:
            self._processing.denials.record_refusal(what, message)

    def _count(self, outcome: str, message: str) -> None:
        if outcome == DENIED:
            self._deny(f"a request about {self.image.key}", message)
        rules = self._processing.rules
        final_outcome, self.tries = rules.after(outcome, self.tries, self._now())
        if final_outcome is not None:
            self._fail(outcome, message, permanent=rules.is_permanent(outcome))

    def _fail_at_s3(self, error: ClientError | BotoCoreError) -> None:
        self.detections = None
        if isinstance(error, ClientError):
            self._fail(code_of(error), message_of(error), permanent=status_of(error) == 404)
        else:
            self._fail(type(error).__name__, str(error), permanent=False)

    def _fail(self, error: str, message: str, *, permanent: bool) -> None:
        processing, image = self._processing, self.image
        self.failure = Failure(image, error, message, self.tries.attempts, permanent)
        self.outcome = Outcome.FAILED
        if not processing.has_files or is_too_long(processing.store.keys.of_error(image.key)):
            return
        content = error_file(processing.question, self.failure, str(iso(self._now())))
        try:
            processing.store.write_error(image.key, content, processing.question.metadata(image))
        except AWS_ERRORS:
            # The failure is in the list of failures all the same.
            logger.warning("the file of an error was not written", exc_info=True)
