"""Uploads as they come in practice: odd names, duplicates, late events, images that change, and files that are none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import quote_plus

from local.simulated_model.answers.labels import random_labels, response_body
from simulation.samples.pictures import jpeg

LEAST = 50.0  # the confidence that the pipelines ask for
POISON = "refused.jpg"  # the end of a key that the model refuses
INVALID = "InvalidImageFormatException"
MAX_KEY_BYTES = 1024
_JPEG = jpeg(size=0)  # no more than its start
_ODD = " +%&=?#\"'<>,;:@!~^`|{}[]()\\$*éßñ蜂🐝e\u0301\u00a0/._-aZ09"
_ENDS = (".jpg", ".JPG", ".jpeg", ".Jpeg", ".png", ".PNG", ".jPg")
_NAMES = (
    "a b.jpg",
    "a+b.JPG",
    "100%25.Jpeg",
    "%2F.jpg",
    "été/蜂 🐝.png",
    "q?x=1&y#z.jpg",
    " .jpg",
    "a..b//c.jpg",
    "+.jpg",
)


@dataclass(frozen=True)
class Uploads:
    """The uploads under a prefix. `images` are the contents in the end, `first` those of images that change meanwhile.

    `failures` are the files that can't be analysed, with their errors; the model refuses those of `poison`. `deleted`
    are gone before they are looked at.
    """

    prefix: str
    images: dict[str, bytes]
    first: dict[str, bytes]
    failures: dict[str, tuple[bytes, str]]
    deleted: tuple[str, ...]

    @property
    def poison(self) -> list[str]:
        """The keys of good images that the model refuses."""
        return [key for key in self.failures if key.endswith(POISON)]

    @property
    def contents(self) -> dict[str, bytes]:
        """What is uploaded at first, in order."""
        failures = {key: content for key, (content, _) in self.failures.items()}
        every = {**self.images, **self.first, **failures, **dict.fromkeys(self.deleted, _JPEG)}
        return {key: every[key] for key in Random(self.prefix).sample(sorted(every), len(every))}

    def messages(self, bucket: str, random: Random) -> Iterator[str]:
        """What comes into the queue beside the events: duplicates in both formats, late ones, and other texts."""
        if not self.failures:
            return
        yield from ("hello", "[]", json.dumps({"Event": "s3:TestEvent"}), json.dumps({"Records": [{"a": 1}]}))
        keys = [*self.images, *self.failures, *self.deleted]
        for key in random.sample(keys, max(1, len(keys) // 20)):
            yield from (random.choice((notification, event))(bucket, key) for _ in range(random.randint(1, 10)))

    def is_right(self, key: str, result: dict[str, Any], metadata: dict[str, str]) -> bool:
        """Whether a result is the model's answer to the image's content."""
        return self.is_current(key, metadata) and result["CustomLabels"] == answer_to(self.images[key])

    def is_current(self, key: str, metadata: dict[str, str]) -> bool:
        """Whether a result with this metadata is about the image's content."""
        return metadata["source-etag"] == hashlib.md5(self.images[key]).hexdigest()


def uploads(prefix: str, number: int, seed: str) -> Uploads:
    """So many uploads, of which each 25th can't be analysed, each 50th is deleted, and each 20th changes."""
    random = Random(seed)
    keys = [prefix + name for name in islice(_names(random, prefix), number)]
    random.shuffle(keys)
    keys.sort(key=lambda key: len(key) > MAX_KEY_BYTES // 4)  # the longest ones are good images
    bad, gone, changing = number // 25, number // 50, number // 20
    failures = {}
    for index, key in enumerate(keys[:bad]):
        content, error = ((b"", "EmptyImage"), (b"GIF89a" + bytes(50), INVALID), (_image(random), INVALID))[index % 3]
        failures[key + POISON if index % 3 == 2 else key] = (content, error)
    for over in (1020, 1024):  # the result would have a longer key than S3 takes
        failures[f"{prefix}{'x' * (over - len(prefix.encode()) - 4)}.jpg"] = (_image(random), "ResultKeyTooLong")
    images = {key: _image(random) for key in keys[bad + gone :]}
    first = {key: _image(random) for key in random.sample(sorted(images), changing)}
    return Uploads(prefix, images, first, failures, tuple(keys[bad : bad + gone]))


def plain_uploads(prefix: str, number: int, seed: str) -> Uploads:
    """So many images with plain names."""
    random = Random(seed)
    return Uploads(prefix, {f"{prefix}{index:05}.jpg": _image(random) for index in range(number)}, {}, {}, ())


def answer_to(content: bytes) -> Any:
    """What the model answers to this content."""
    labels = [each for each in random_labels(hashlib.sha256(content).digest()) if each.confidence >= LEAST]
    return json.loads(response_body(labels))["CustomLabels"]


def notification(bucket: str, key: str) -> str:
    """A notification of S3, which encodes keys as in a form; an old one."""
    about = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "eTag": "old", "sequencer": "00"}}
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": about}]})


def event(bucket: str, key: str) -> str:
    """An event of EventBridge; an old one."""
    about = {"bucket": {"name": bucket}, "object": {"key": key, "etag": "old", "sequencer": "00"}}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": about})


def _names(random: Random, prefix: str) -> Iterator[str]:
    yield from _NAMES
    longest = MAX_KEY_BYTES - len(prefix.encode()) - len(".json")
    yield "k" * (longest - 4) + ".jpg"
    yield "蜂" * ((longest - 4) // 3) + ".png"
    while True:
        odd = "".join(random.choice(_ODD) for _ in range(random.randint(1, 40))) if random.random() < 0.5 else ""
        yield f"{odd}{random.randrange(10**9):09}{random.choice(_ENDS)}"


def _image(random: Random) -> bytes:
    return _JPEG + random.randbytes(random.randint(500, 3000))
