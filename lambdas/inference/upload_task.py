"""One upload as a task of paced sending: S3 says what the object contains now, then its image is worked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from iu_tuner.contract.detections import ListedImage
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.inference.attempts import Attempts
from lambdas.inference.latest_result import LatestResult
from lambdas.models.outcomes import Reply
from lambdas.models.ports import PreparedRequest
from lambdas.processing.image_work import ImageWork, Processing
from lambdas.processing.outcomes import NO_TRIES, Failure, Outcome, Tries


@dataclass
class UploadTask:
    """The work with one uploaded object.

    `receive_count` is how often its message was received: only a message that came back can have earlier attempts.
    `failure` is set by `conclude` if the object exists and can't be analysed.
    """

    key: str
    processing: Processing
    attempts: Attempts
    now: Callable[[], float]
    receive_count: int = 1
    work: ImageWork | None = None
    is_deleted: bool = False
    failure: Failure | None = None
    _loaded_tries: Tries = NO_TRIES

    @property
    def is_open(self) -> bool:
        """Whether a request may still be sent for it."""
        if self.is_deleted:
            return False
        return self.work is None or (self.work.outcome is None and self.work.detections is None)

    @property
    def is_over(self) -> bool:
        """Whether its message has done its work: there is a current result, or no object any more."""
        return self.is_deleted or (self.work is not None and self.work.outcome in (Outcome.DONE, Outcome.CURRENT))

    def prepare(self) -> PreparedRequest | None:
        """The request to send. Returns None if there is none to send now."""
        if self.work is None and not self.is_deleted:
            try:
                self._look()
            except AWS_ERRORS:
                logger.warning("an upload could not be looked up; its message comes back", exc_info=True)
        if self.work is None or self.work.not_before > self.now():
            return None
        return self.work.prepare()

    def finish(self, reply: Reply, ms: float) -> bool:
        """Record a reply that took `ms` milliseconds. Returns True if the image must be sent again."""
        assert self.work is not None, "nothing was sent for this upload"
        return self.work.finish(reply, ms)

    def conclude(self) -> None:
        """Save what became of the upload.

        Raises:
            ClientError, BotoCoreError
        """
        if self.work is None:
            return
        self.work.conclude()
        failure = self.work.failure
        if failure is not None and not self._is_outdated(failure.image):
            self.failure = failure if failure.permanent else self._count_failure(failure)
        elif self.work.outcome is None and self.work.tries != self._loaded_tries:
            self.attempts.save(self.work.image, self.work.tries)

    def _look(self) -> None:
        image = self.processing.store.look_up(self.key)
        if image is None:
            self.is_deleted = True
            return
        self._loaded_tries = self.attempts.load(image) if self.receive_count > 1 else NO_TRIES
        processing = replace(self.processing, store=LatestResult.of(self.processing.store))
        self.work = ImageWork(image, processing, self.now, self._loaded_tries)

    def _is_outdated(self, image: ListedImage) -> bool:
        """Whether the object is gone or has another content than this failed one. Then the failure is no news.

        The file about it is deleted. With another content the message comes back, and finds what became of that.
        """
        store = self.processing.store
        present_image = store.look_up(self.key)
        if present_image is not None and present_image.e_tag == image.e_tag:
            return False
        store.delete_error(self.key)
        self.is_deleted = present_image is None
        return True

    def _count_failure(self, failure: Failure) -> Failure | None:
        """A failure that may pass counts as an attempt. Returns it if it was the last one."""
        assert self.work is not None
        tries = self.work.tries
        if tries.attempts == self._loaded_tries.attempts:  # S3 failed, which is no answer of the model
            tries = replace(tries, attempts=tries.attempts + 1)
        if tries.attempts >= self.processing.rules.max_attempts:
            return replace(failure, attempts=tries.attempts)
        self.attempts.save(self.work.image, tries)
        return None
