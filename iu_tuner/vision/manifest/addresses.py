"""Addresses of objects in S3, and where they stand in a line of a manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

_OBJECT = re.compile(r"s3://([^/\s]+)/((?!/)\S(?:.*[^\s/])?)", re.DOTALL)
BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}"  # the oldest buckets have such names, too
_FOLDER = re.compile(rf"s3://({BUCKET})(?:/(.*?))?/*", re.DOTALL | re.ASCII)
_FIELD = re.compile(r'"([^"]*-ref)"[ \t\r\n]*:[ \t\r\n]*"([^"]*)"')
_SPACE = re.compile(r"[ \t\r\n]*")
_decoder = json.JSONDecoder()


class Reference(NamedTuple):
    """A field whose name ends with `-ref`: its name, its value, and where the value begins and ends in the text."""

    name: str
    value: str
    start: int
    end: int


def bucket_and_key(address: object) -> tuple[str, str] | None:
    """Bucket and key of `s3://bucket/key`; None for anything else, or if it begins or ends with a blank or `/`."""
    match = _OBJECT.fullmatch(address) if isinstance(address, str) else None
    return (match[1], match[2]) if match else None


def folder(option: str, address: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`; the prefix is empty or ends with `/`.

    Raises:
        UsageError: it is no such address.
    """
    match = _FOLDER.fullmatch(address)
    if not match:
        raise UsageError(f"{option}: got {quoted(address)}; takes s3://bucket/prefix")
    return match[1], f"{match[2]}/" if match[2] else ""


def references(text: str) -> list[Reference]:
    """The `…-ref` fields of a line's object that are text, in their order; those deeper inside are none.

    Raises:
        ValueError: the line is no JSON object.
    """
    if "\\" in text or text.count('-ref"') != 1:
        return list(_scan(text))
    # Most lines: no name or text is escaped, and one ends with `-ref`. That is twice as fast.
    value = _decoder.decode(text)
    if not isinstance(value, dict):
        raise ValueError("it is JSON, but no object")
    field = _FIELD.search(text)
    is_own = field is not None and value.get(field[1]) == field[2]
    return [Reference(field[1], field[2], *field.span(2))] if field and is_own else []


def _scan(text: str) -> Iterator[Reference]:
    position = _position_after(text, "{", 0)
    if text[position : position + 1] == "}":
        _check_end(text, position + 1)
        return
    while True:
        name, position = _decoder.raw_decode(text, position)
        if not isinstance(name, str):
            raise json.JSONDecodeError("Expecting a name", text, position)
        start = _position_after(text, ":", position)
        value, position = _decoder.raw_decode(text, start)
        if name.endswith("-ref") and isinstance(value, str):
            yield Reference(name, value, start + 1, position - 1)
        position = _skip_blanks(text, position)
        if text[position : position + 1] != ",":
            break
        position = _skip_blanks(text, position + 1)
    _check_end(text, _position_after(text, "}", position))


def _skip_blanks(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _position_after(text: str, mark: str, position: int) -> int:
    """The place after `mark` and the blanks around it. Raises ValueError if something else is there."""
    position = _skip_blanks(text, position)
    if text[position : position + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, position)
    return _skip_blanks(text, position + 1)


def _check_end(text: str, position: int) -> None:
    if _skip_blanks(text, position) != len(text):
        raise json.JSONDecodeError("Extra data", text, position)
