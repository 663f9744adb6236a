"""The attempts at an upload that had errors which may pass, in the runs table.

A message keeps its place in the queue and can't count by itself. Only an image with such an error has an item, in the
partition `ATTEMPTS#<queue>`; its sort key is a hash, as a key of S3 may be too long for one.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from iu_tuner.contract.detections import ListedImage
from lambdas.aws.settings import settings
from lambdas.aws.table import Attributes, Partition, dynamodb_client
from lambdas.processing.outcomes import NO_TRIES, Tries

KEPT_S = 14 * 24 * 3600  # the queue keeps a message for the same time
_ATTRIBUTES = Attributes(Tries)


class Attempts:
    """The attempts at the uploads of one queue."""

    def __init__(self, items: Partition) -> None:
        self._items = items

    def load(self, image: ListedImage) -> Tries:
        """The attempts at this content of the image so far. Raises ClientError, BotoCoreError."""
        with suppress(KeyError):
            return _ATTRIBUTES.read(self._items.get(_sort_key(image)))
        return NO_TRIES

    def save(self, image: ListedImage, tries: Tries) -> None:
        """Save the attempts. Raises ClientError, BotoCoreError."""
        self._items.put(_sort_key(image), _ATTRIBUTES.of(tries))


def attempts_of(queue: str) -> Attempts:
    """The attempts at the uploads of a queue, by its name, in this stack's table."""
    return Attempts(Partition(dynamodb_client(), settings().runs_table, f"ATTEMPTS#{queue}", kept_s=KEPT_S))


def _sort_key(image: ListedImage) -> str:
    return hashlib.sha256(f"{image.key}\n{image.e_tag}".encode()).hexdigest()
