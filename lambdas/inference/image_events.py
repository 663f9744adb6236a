"""The EventBridge event about each image that was analysed, for entries that ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from iu_tuner.contract.events import SOURCE
from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.processing.image_work import ImageWork, Processing

DETAIL_TYPE = "Image Analyzed"
MAX_LABELS = 10  # of an event, the highest confidences first; the result has them all
MAX_ENTRIES = 10  # of one call


def announce(works: Iterable[ImageWork], processing: Processing, *, is_wanted: bool) -> None:
    """Send an event for each image, which has a new result, if the entry asks for events. Errors are logged."""
    entries = [_entry(work, processing) for work in works] if is_wanted else []
    for first in range(0, len(entries), MAX_ENTRIES):
        try:
            reply = client("events").put_events(Entries=entries[first : first + MAX_ENTRIES])
        except AWS_ERRORS:
            logger.exception("events about images could not be sent")
            continue
        if reply["FailedEntryCount"]:
            logger.error("events about images were refused", extra={"entries": reply["Entries"]})


def _entry(work: ImageWork, processing: Processing) -> dict[str, str]:
    assert work.detections is not None, "an image with a result has its labels"
    labels = sorted(work.detections.labels, key=lambda label: -label.confidence)[:MAX_LABELS]
    detail = {
        "bucket": processing.question.bucket,
        "key": work.image.key,
        "resultBucket": processing.store.result_bucket,
        "resultKey": processing.store.keys.of_result(work.image.key),
        "labels": [label.to_json() for label in labels],
        "highest": labels[0].confidence if labels else None,
    }
    return {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}
