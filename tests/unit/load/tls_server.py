"""An HTTPS server on loopback that answers every POST, and closes its connections when it is told to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class TlsServer:
    """What the server saw: its connections in order, and the TLS version of each request."""

    url: str = ""
    connections: list[ssl.SSLSocket] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)

    def close_connections(self) -> None:
        """As servers do with idle ones; on loopback the other side can see it at once."""
        for connection in self.connections:
            with suppress(OSError):  # it may have gone by itself
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # the handler's thread keeps its TLS object
        self.connections.clear()


@contextmanager
def tls_server(certificate: Path) -> Iterator[TlsServer]:
    """Serves TLS 1.3 with two session tickets for each connection, as OpenSSL does by default."""
    seen = TlsServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    assert context.num_tickets == 2

    class Server(ThreadingHTTPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            accepted, address = super().get_request()
            # The handshake is the handler's, in its thread.
            wrapped = context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
            seen.connections.append(wrapped)
            return wrapped, address

        def handle_error(self, *_: Any) -> None:
            pass  # a client that left, or does not trust the certificate

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            seen.versions.append(self.connection.version())
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        seen.url = f"https://127.0.0.1:{server.server_port}"
        try:
            yield seen
        finally:
            seen.close_connections()
            server.shutdown()
            thread.join()
