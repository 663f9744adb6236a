"""Replies as http.client reads them, however they come in pieces."""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.models.wire.http_reply import HttpReply, read_reply

WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n"
AFTER_100 = b"HTTP/1.1 100 Continue\r\n\r\n" + WITH_LENGTH
CLOSING = b"HTTP/1.1 503 Slow\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n"
WITHOUT_LENGTH = b"HTTP/1.1 502 Bad gateway\r\n\r\n<html>"
OLD = b"HTTP/1.0 429 Too many\r\nContent-Length: 5\r\n\r\nhello"
WITHOUT_BODY = b"HTTP/1.1 204 No content\r\n\r\n"
ALL = [WITH_LENGTH, CHUNKED, AFTER_100, CLOSING, WITHOUT_LENGTH, OLD, WITHOUT_BODY]


def pieces(told: bytes, lengths: list[int]) -> Callable[[int], bytes]:
    """A socket's `recv` that gives so many bytes at a time, then one by one, then the end."""
    stream, each = io.BytesIO(told), iter(lengths)
    return lambda most: stream.read(min(most, next(each, 1)))


def as_http_client_reads_it(told: bytes) -> HttpReply:
    class Socket:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(told)

    response = http.client.HTTPResponse(Socket(), method="POST")  # type: ignore[arg-type]
    response.begin()
    return HttpReply(response.status, response.read(), response.will_close)


@given(st.sampled_from(ALL), st.lists(st.integers(1, 60)))
def test_a_reply_is_read_as_http_client_reads_it(told: bytes, lengths: list[int]) -> None:
    assert read_reply(pieces(told, lengths)) == as_http_client_reads_it(told)


@given(st.sampled_from([WITH_LENGTH, CHUNKED, AFTER_100, OLD]), st.data())
def test_a_reply_that_breaks_off_is_an_error(told: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(told) - 1))

    with pytest.raises(http.client.HTTPException):
        read_reply(pieces(told[:cut], []))


@pytest.mark.parametrize(
    "told",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
        b"x" * 200_000,
    ],
)
def test_what_is_no_http_is_an_error(told: bytes) -> None:
    with pytest.raises(http.client.HTTPException):
        read_reply(pieces(told, [50_000] * 10))
