"""Reads the lines of a manifest as bytes, and says what a file is that has no JSON lines."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

UTF8_MARK = b"\xef\xbb\xbf"
MAX_LINE_BYTES = 16 * 2**20  # the service takes 100,000 characters; more than this is no list of lines
MAX_LINE_LENGTH = 100_000  # characters: the guide, "Terminal content errors"
_HEAD_BYTES = 4096
_SIGNATURES = {
    b"\x1f\x8b": "it is compressed with gzip: unpack it",
    b"PK\x03\x04": "it is a ZIP archive: unpack it",
    b"\xff\xfe": "it is in UTF-16: save it in UTF-8",
    b"\xfe\xff": "it is in UTF-16: save it in UTF-8",
    b"\xff\xd8\xff": "it is a JPEG image",
    b"\x89PNG": "it is a PNG image",
}
EMPTY = "it is empty"


def format_problem(file: BinaryIO) -> str | None:
    """Why a file can't hold JSON lines, by its first bytes, as the end of a sentence; None if it may hold them."""
    head = file.read(_HEAD_BYTES)
    is_whole = len(head) < _HEAD_BYTES
    file.seek(0)
    for signature, sentence in _SIGNATURES.items():
        if head.startswith(signature):
            return sentence
    if b"\0" in head[:4]:
        return "it is in UTF-16 or UTF-32, or no text: save it in UTF-8"
    text = head.removeprefix(UTF8_MARK).lstrip()
    if not text:
        return EMPTY if is_whole else None
    if text.startswith(b"["):
        return "it is one JSON array: a manifest has one object a line, without brackets and commas around them"
    first_line = text.partition(b"\n")[0].strip()
    if first_line == b"{":
        return "its first object is spread over several lines: a manifest has one object a line"
    return None


def raw_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The number and the bytes of each line, with its end. Raises UsageError for a line of more than 16 MiB."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise UsageError(f"{file.name}: line {number} has more than {MAX_LINE_BYTES >> 20} MiB")
        yield number, line


def read_manifest_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a manifest. Raises UsageError with one sentence for a file that has no JSON lines."""
    with path.open("rb") as file:
        if sentence := format_problem(file):
            raise UsageError(f"{path}: {sentence}")
        yield from raw_lines(file)


def nonblank_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, without a byte order mark. Raises UsageError as `read_manifest_lines` does."""
    for number, line in read_manifest_lines(path):
        if line.strip():
            yield number, line.removeprefix(UTF8_MARK) if number == 1 else line


def parse_line(line: bytes) -> dict[str, Any]:
    """The object of a line. Raises ValueError with a sentence for what the service takes for no JSON line."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ValueError("the line is not in UTF-8") from None
    if not text.strip():
        raise ValueError("the line is blank")
    if len(text := text.rstrip("\r\n")) > MAX_LINE_LENGTH:
        raise ValueError(f"the line has {len(text):,} characters; takes at most {MAX_LINE_LENGTH:,}")
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise ValueError("the line's objects or lists are nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the line is no JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(value, dict):
        raise ValueError("the line is JSON, but no object")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"the line is no JSON: {text} is no number")


_decoder = json.JSONDecoder(parse_constant=_no_number)


def text_of(number: int, line: bytes) -> str:
    """A line as text that `bytes_of` turns back into the same bytes, whatever they are; without a byte order mark."""
    return (line.removeprefix(UTF8_MARK) if number == 1 else line).decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` at the end; if anything is raised before, `path` stays as it was.

    Raises:
        UsageError: the file can't be written there.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:60]}.", dir=path.parent)
    except OSError as error:
        raise UsageError(f"--out: {quoted(str(path))} can't be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
