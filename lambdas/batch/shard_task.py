"""One image of a shard as a task of paced sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from iu_tuner.contract.batch.output import FailedImage
from iu_tuner.contract.detections import ListedImage
from lambdas.aws.errors import AWS_ERRORS, BotoCoreError, ClientError, code_of, message_of, status_of
from lambdas.batch.shards.listed_object import ListedObject
from lambdas.batch.shards.turn import ShardTurn
from lambdas.load.histogram import LatencyHistogram
from lambdas.models.outcomes import Reply
from lambdas.models.ports import PreparedRequest
from lambdas.processing.image_work import ImageWork, Processing
from lambdas.processing.outcomes import Outcome


@dataclass
class ShardTask:
    """The work with an image of a shard. A list of keys does not say its ETag and size: then S3 is asked first.

    `requests` counts the replies that are no throttles; `latency_ms` is that of the last one.
    """

    position: int
    listed: ListedObject
    processing: Processing
    now: Callable[[], float]
    requests: int = 0
    latency_ms: float | None = None
    _work: ImageWork | None = None
    _failure: FailedImage | None = None

    @property
    def not_before(self) -> float:
        """The time (epoch seconds) from which the image should be sent; 0 means at once."""
        return 0.0 if self._work is None else self._work.not_before

    @property
    def is_over(self) -> bool:
        """Whether the image has an outcome."""
        return self._failure is not None or (self._work is not None and self._work.outcome is not None)

    @property
    def is_waiting(self) -> bool:
        """Whether the image had an error that may pass, and is to be sent again from `not_before` on."""
        return self._work is not None and self._work.is_waiting

    @property
    def has_unwritten_result(self) -> bool:
        """Whether S3 did not take the image's result, which `record` writes."""
        return self._work is not None and self._work.has_unwritten_result

    @property
    def is_current(self) -> bool:
        """Whether the image has a current result."""
        return self._work is not None and self._work.outcome is Outcome.CURRENT

    def prepare(self) -> PreparedRequest | None:
        """The request to send. Returns None if the image has an outcome without one."""
        self._look_up()
        return None if self._work is None else self._work.prepare()

    def find_current(self) -> None:
        """Find whether the image has a current result. Nothing is prepared to be sent."""
        self._look_up()
        if self._work is not None:
            self._work.find_current()

    def finish(self, reply: Reply, ms: float) -> bool:
        """Record a reply that took `ms` milliseconds. Returns True if the image must be prepared again later."""
        assert self._work is not None, "nothing was sent for this image"
        self.requests += 1
        self.latency_ms = ms
        return self._work.finish(reply, ms)

    def record(self, turn: ShardTurn, latencies: LatencyHistogram) -> None:
        """Record the image's outcome and the latency of its last reply. An image without an outcome is left."""
        if self.latency_ms is not None:
            latencies.add(self.latency_ms / 1000)
        if self._failure is not None:
            turn.record_failure(self.position, self._failure)
        elif self._work is not None:
            self._work.conclude()
            _record(turn, self.position, self._work)

    def _look_up(self) -> None:
        if self._work is None and self._failure is None:
            try:
                self._work = ImageWork(self._known_image(), self.processing, self.now)
            except AWS_ERRORS as error:
                self._failure = self._failure_of(error)

    def _known_image(self) -> ListedImage:
        """The image with its ETag and size. Raises ClientError, BotoCoreError."""
        listed, store = self.listed, self.processing.store
        if listed.e_tag is not None and listed.size is not None:
            return ListedImage(listed.key, listed.e_tag, listed.size, listed.version_id)
        version = {} if listed.version_id is None else {"VersionId": listed.version_id}
        head = store.s3.head_object(Bucket=store.image_bucket, Key=listed.key, **version)
        return ListedImage(listed.key, head["ETag"].strip('"'), head["ContentLength"], listed.version_id)

    def _failure_of(self, error: ClientError | BotoCoreError) -> FailedImage:
        if not isinstance(error, ClientError):
            name, message, is_missing = type(error).__name__, str(error), False
        elif is_missing := status_of(error) == 404:  # HEAD has no body, so its error has no name
            name, message = "NoSuchKey", "there is no such object"
        else:
            name, message = code_of(error), message_of(error)
        return FailedImage(self.listed.key, name, message, 0, is_missing, version_id=self.listed.version_id)


def _record(turn: ShardTurn, position: int, work: ImageWork) -> None:
    if work.outcome is Outcome.CURRENT:
        turn.record_current(position, None if work.detections is None else work.detections.to_line())
    elif work.outcome is Outcome.DONE and work.detections is not None:
        turn.record_done(position, work.detections.to_line())
    elif work.outcome is Outcome.FAILED and work.failure is not None:
        failure = work.failure
        image = failure.image
        turn.record_failure(
            position,
            FailedImage(
                image.key,
                failure.error,
                failure.message,
                failure.attempts,
                failure.permanent,
                image.e_tag or None,
                image.version_id,
                image.size,
            ),
        )


def store_of_shard(processing: Processing) -> Processing:
    """The same with a store of its own, which knows the files of one shard only."""
    return replace(processing, store=replace(processing.store))


def list_results(processing: Processing, tasks: Sequence[ShardTask]) -> None:
    """List the results of a shard's images at once, which saves a request for each image.

    Raises:
        ClientError, BotoCoreError: S3 fails, or refuses the listing.
    """
    if processing.has_files and tasks:
        objects = (task.listed for task in tasks)
        images = [ListedImage(each.key, each.e_tag or "", each.size or 0, each.version_id) for each in objects]
        processing.store.list_results(images)
