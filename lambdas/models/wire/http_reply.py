"""Reads an HTTP/1.1 reply from a persistent connection: its status and body.

http.client needs three times the CPU for the same, as it parses headers as those of an e-mail.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import NamedTuple

RECEIVE_BYTES = 16_384  # bytes: the maximum size of a TLS record
MAX_HEAD_BYTES = 65_536  # bytes: http.client's limit of a line


class HttpReply(NamedTuple):
    """A reply. `is_last` says that the connection accepts no further request. AWS gives each reply a `request_id`.

    `error_type` names the error in the header of services whose protocol is REST.
    """

    status: int
    body: bytes
    is_last: bool
    request_id: bytes = b""
    error_type: bytes = b""


def read_reply(receive: Callable[[int], bytes]) -> HttpReply:
    """Read the reply to a POST; `receive` is the socket's `recv`.

    Raises:
        http.client.HTTPException: the connection ended within the reply, or the reply is not HTTP/1.1.
        OSError, TimeoutError: from `receive`.
    """
    stream = _Stream(receive)
    status = 100
    while status < 200:
        status_line, *lines = stream.read_until(b"\r\n\r\n").split(b"\r\n")
        status = _status(status_line)
    header_lines = [line.partition(b":") for line in lines]
    headers = {name.strip().lower(): value.strip() for name, _, value in header_lines}
    is_last = status_line.startswith(b"HTTP/1.0") or b"close" in headers.get(b"connection", b"").lower()
    request_and_error = headers.get(b"x-amzn-requestid", b"").lower(), headers.get(b"x-amzn-errortype", b"")
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return HttpReply(status, b"".join(iter(stream.read_chunk, b"")), is_last, *request_and_error)
    length = headers.get(b"content-length")
    if status in (204, 304):
        return HttpReply(status, b"", is_last, *request_and_error)
    if length is None:
        return HttpReply(status, stream.read_rest(), True, *request_and_error)
    return HttpReply(status, stream.read_exactly(_number(length, 10)), is_last, *request_and_error)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise http.client.BadStatusLine(line[:100].decode("latin-1"))
    return _number(rest[:3], 10)


def _number(digits: bytes, base: int) -> int:
    try:
        number = int(digits, base)
    except ValueError:
        number = -1
    if number < 0:
        raise http.client.HTTPException(f"{digits[:100]!r} is no number")
    return number


class _Stream:
    """The bytes of a connection: received ones that are not read yet, and those still to be received."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._unread = b""

    def read_until(self, delimiter: bytes) -> bytes:
        """Read up to the mark. Returns the bytes before it; the mark itself is removed."""
        while delimiter not in self._unread:
            if len(self._unread) > MAX_HEAD_BYTES:
                raise http.client.LineTooLong("head")
            self._unread += self._receive_more()
        before, _, self._unread = self._unread.partition(delimiter)
        return before

    def read_exactly(self, length: int) -> bytes:
        """Read this number of bytes."""
        parts, missing_bytes = [self._unread], length - len(self._unread)
        while missing_bytes > 0:
            parts.append(self._receive_more())
            missing_bytes -= len(parts[-1])
        received = b"".join(parts)
        self._unread = received[length:]
        return received[:length]

    def read_chunk(self) -> bytes:
        """Read the next chunk of a body. Returns empty bytes after the last one, when the trailers are read, too."""
        length = _number(self.read_until(b"\r\n").partition(b";")[0], 16)
        chunk = self.read_exactly(length)
        while length == 0 and self.read_until(b"\r\n"):
            pass
        return chunk if length == 0 else self._without_chunk_end(chunk)

    def _without_chunk_end(self, chunk: bytes) -> bytes:
        if self.read_exactly(2) != b"\r\n":
            raise http.client.HTTPException("a chunk is longer than it says")
        return chunk

    def read_rest(self) -> bytes:
        """Read all bytes until the connection ends."""
        parts = [self._unread, *iter(lambda: self._receive(RECEIVE_BYTES), b"")]
        return b"".join(parts)

    def _receive_more(self) -> bytes:
        received = self._receive(RECEIVE_BYTES)
        if not received:
            raise http.client.RemoteDisconnected("the connection was closed before the reply was complete")
        return received
