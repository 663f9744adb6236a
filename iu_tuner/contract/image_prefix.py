"""`images.prefix` as people write it: what no key begins with is refused, saying what was meant."""

from __future__ import annotations

import re

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import got, is_unicode, shown

MAX_KEY_BYTES = 1024
TAKES = f"a key prefix of at most {MAX_KEY_BYTES} bytes (UTF-8)"

_ADDRESS = re.compile(r"(?:s3[an]?://|arn:[^:/]*:s3:::)([^/]*)/*(.*)", re.IGNORECASE | re.DOTALL)
_OTHER_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|arn:", re.IGNORECASE)
_BACKSLASHES = re.compile(r"[\\/]*\\[\\/]*")
_PATTERN = re.compile(r"[?\[\]{}]")


def check_prefix(prefix: str) -> None:
    """Raises InvalidInput for a prefix that no key has, or only keys that nobody means."""
    if not is_unicode(prefix) or len(prefix.encode()) > MAX_KEY_BYTES:
        raise InvalidInput(got("images.prefix", prefix, TAKES))
    if instead := instead_of(prefix):
        takes = "the start of keys as S3 has them: no leading /, no s3://, no * and no \\"
        raise InvalidInput(got("images.prefix", prefix, f"{takes}; {instead}"))


def instead_of(prefix: str) -> str | None:
    """What to write instead of an address, a path or a pattern, as an advice; None for a prefix that keys can have."""
    path = _BACKSLASHES.sub("/", prefix)
    address = _ADDRESS.fullmatch(path)
    if not address and _OTHER_ADDRESS.match(path):
        return 'write only what follows the bucket\'s name, like "samples/"'
    bucket, path = address.groups() if address else (None, path)
    meant = path.partition("*")[0].lstrip("/")
    if meant == prefix:
        return None
    everything = "" if meant else " for all of the bucket"
    in_bucket = f", and {shown(bucket)} as images.bucket" if bucket else ""
    return f"write {shown(meant)}{everything}{in_bucket}"


def is_like_a_pattern(prefix: str) -> bool:
    """Whether it holds characters that a shell would replace; in a prefix they stand for themselves."""
    return _PATTERN.search(prefix) is not None
