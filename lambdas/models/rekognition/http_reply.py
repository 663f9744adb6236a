"""Reads an HTTP/1.1 reply from a persistent connection: its status and body.

http.client needs three times the CPU for the same, as it parses headers as those of an e-mail.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import NamedTuple

RECEIVED_AT_ONCE = 16_384  # bytes: the maximum size of a TLS record
MAX_HEAD = 65_536  # bytes: http.client's limit of a line


class HttpReply(NamedTuple):
    """A reply. `is_last` says that the connection accepts no further request. AWS gives each reply a `request_id`."""

    status: int
    body: bytes
    is_last: bool
    request_id: bytes = b""


def read_reply(receive: Callable[[int], bytes]) -> HttpReply:
    """Read the reply to a POST; `receive` is the socket's `recv`.

    Raises:
        http.client.HTTPException: the connection ended within the reply, or the reply is not HTTP/1.1.
        OSError, TimeoutError: from `receive`.
    """
    stream = _Stream(receive)
    status = 100
    while status < 200:
        first, *lines = stream.until(b"\r\n\r\n").split(b"\r\n")
        status = _status(first)
    fields = [line.partition(b":") for line in lines]
    headers = {name.strip().lower(): value.strip().lower() for name, _, value in fields}
    is_last = first.startswith(b"HTTP/1.0") or b"close" in headers.get(b"connection", b"")
    request_id = headers.get(b"x-amzn-requestid", b"")
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return HttpReply(status, b"".join(iter(stream.chunk, b"")), is_last, request_id)
    length = headers.get(b"content-length")
    if status in (204, 304):
        return HttpReply(status, b"", is_last, request_id)
    if length is None:
        return HttpReply(status, stream.rest(), is_last=True, request_id=request_id)
    return HttpReply(status, stream.exactly(_number(length, 10)), is_last, request_id)


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
        self._held = b""

    def until(self, mark: bytes) -> bytes:
        """Read up to the mark. Returns the bytes before it; the mark itself is removed."""
        while mark not in self._held:
            if len(self._held) > MAX_HEAD:
                raise http.client.LineTooLong("head")
            self._held += self._more()
        before, _, self._held = self._held.partition(mark)
        return before

    def exactly(self, length: int) -> bytes:
        """Read this number of bytes."""
        parts, missing = [self._held], length - len(self._held)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        whole = b"".join(parts)
        self._held = whole[length:]
        return whole[:length]

    def chunk(self) -> bytes:
        """Read the next chunk of a body. Returns empty bytes after the last one, when the trailers are read, too."""
        length = _number(self.until(b"\r\n").partition(b";")[0], 16)
        chunk = self.exactly(length)
        while length == 0 and self.until(b"\r\n"):
            pass
        return chunk if length == 0 else self._without_end(chunk)

    def _without_end(self, chunk: bytes) -> bytes:
        if self.exactly(2) != b"\r\n":
            raise http.client.HTTPException("a chunk is longer than it says")
        return chunk

    def rest(self) -> bytes:
        """Read all bytes until the connection ends."""
        parts = [self._held, *iter(lambda: self._receive(RECEIVED_AT_ONCE), b"")]
        return b"".join(parts)

    def _more(self) -> bytes:
        more = self._receive(RECEIVED_AT_ONCE)
        if not more:
            raise http.client.RemoteDisconnected("the connection was closed before the reply was complete")
        return more
