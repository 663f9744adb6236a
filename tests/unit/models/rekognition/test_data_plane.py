"""A lane's connection over TLS 1.3 with session tickets: kept as long as it is open, and no longer."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from lambdas.models.outcomes import ACCEPTED, CONNECTION_LOST, Reply
from lambdas.models.rekognition.data_plane import LoadConnection
from lambdas.models.rekognition.request import RequestSigner, request_with_object
from local.simulated_model.wire.certificate import make_certificate
from tests.unit.load.tls_server import TlsServer, tls_server

REQUEST = request_with_object("arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1", "b", "k")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with tls_server(certificate) as serving:
        yield serving


@pytest.fixture
def connection(server: TlsServer) -> Iterator[LoadConnection]:
    connection = connection_to(server)
    yield connection
    connection.close()


def connection_to(server: TlsServer) -> LoadConnection:
    return LoadConnection(RequestSigner(server.url, "us-east-1", Credentials("test", "test")))


def test_tickets_do_not_cost_a_connection(server: TlsServer, connection: LoadConnection) -> None:
    connection.connect()
    replies = [connection.send(REQUEST) for _ in range(3)]
    connection.connect()

    assert replies == [Reply(ACCEPTED)] * 3
    assert server.versions == ["TLSv1.3"] * 3
    assert len(server.connections) == 1


def test_an_idle_connection_that_the_server_closed_is_opened_anew(
    server: TlsServer, connection: LoadConnection
) -> None:
    assert connection.send(REQUEST) == Reply(ACCEPTED)
    server.close_connections()

    assert connection.send(REQUEST) == Reply(ACCEPTED)
    assert len(server.connections) == 1
    assert connection.requests_on_wire == 2


def test_a_connection_closed_before_its_first_request_is_opened_anew(
    server: TlsServer, connection: LoadConnection
) -> None:
    connection.connect()
    server.close_connections()

    assert connection.send(REQUEST) == Reply(ACCEPTED)


def test_what_goes_over_the_wire_is_counted(connection: LoadConnection) -> None:
    connection.send(REQUEST)
    once = connection.bytes_on_wire
    connection.send(REQUEST)

    assert len(REQUEST.body) < once < len(REQUEST.body) + 2000
    assert connection.bytes_on_wire == 2 * once


def test_all_connections_share_one_tls_context(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    create = ssl.create_default_context

    def counted(*arguments: object, **named: object) -> ssl.SSLContext:
        made.append(arguments)
        return create(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    lanes = [connection_to(server) for _ in range(8)]

    assert len(made) == 1
    for lane in lanes:
        assert lane.send(REQUEST) == Reply(ACCEPTED)
        lane.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")

    reply = connection_to(server).send(REQUEST)

    assert reply.outcome == CONNECTION_LOST
    assert "certificate verify failed" in reply.message


def test_a_proxy_of_the_environment_is_not_asked(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    connection = connection_to(server)

    assert connection.send(REQUEST) == Reply(ACCEPTED)
    connection.close()
