"""Checks `images.prefix`: refuses a prefix with which no key begins, and suggests the one that was meant."""

from __future__ import annotations

import re

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import is_unicode, quoted, wrong_value

MAX_KEY_BYTES = 1024
VALID_PREFIX = f"a key prefix of at most {MAX_KEY_BYTES} bytes (UTF-8)"

_ADDRESS = re.compile(r"(?:s3[an]?://|arn:[^:/]*:s3:::)([^/]*)/*(.*)", re.IGNORECASE | re.DOTALL)
_OTHER_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|arn:", re.IGNORECASE)
_BACKSLASHES = re.compile(r"[\\/]*\\[\\/]*")
_PATTERN = re.compile(r"[?\[\]{}]")


def check_prefix(prefix: str) -> None:
    """Raises InvalidInput for a prefix that no key has, or that only unintended keys have."""
    if not is_unicode(prefix) or len(prefix.encode()) > MAX_KEY_BYTES:
        raise InvalidInput(wrong_value("images.prefix", prefix, VALID_PREFIX))
    if advice := prefix_advice(prefix):
        valid_values = "the start of keys as S3 has them: no leading /, no s3://, no * and no \\"
        raise InvalidInput(wrong_value("images.prefix", prefix, f"{valid_values}; {advice}"))


def is_key_prefix(prefix: str) -> bool:
    """Whether keys can begin with this text."""
    return is_unicode(prefix) and len(prefix.encode()) <= MAX_KEY_BYTES and prefix_advice(prefix) is None


def prefix_advice(prefix: str) -> str | None:
    """Advice on what to write instead of a URL, a path or a pattern. Returns None for a valid prefix."""
    path = _BACKSLASHES.sub("/", prefix)
    address = _ADDRESS.fullmatch(path)
    if not address and _OTHER_ADDRESS.match(path):
        return 'write only what follows the bucket\'s name, like "samples/"'
    bucket, path = address.groups() if address else (None, path)
    meant_prefix = path.partition("*")[0].lstrip("/")
    if meant_prefix == prefix:
        return None
    whole_bucket = "" if meant_prefix else " for all of the bucket"
    in_bucket = f", and {quoted(bucket)} as images.bucket" if bucket else ""
    return f"write {quoted(meant_prefix)}{whole_bucket}{in_bucket}"


def is_like_a_pattern(prefix: str) -> bool:
    """Whether the prefix has wildcards of a shell, which have no special meaning in a prefix."""
    return _PATTERN.search(prefix) is not None
