"""Connections to a model that stay open from one batch of messages to the next."""

from __future__ import annotations

from collections import deque

from lambdas.models.outcomes import Reply
from lambdas.models.ports import Connection, Detector, PreparedRequest


class KeptConnections:
    """The idle connections of one model. Each is used by one thread at a time. Thread-safe."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._idle = deque[Connection]()

    def connect(self) -> KeptConnection:
        """A connection, which its `close` gives back."""
        try:
            return KeptConnection(self._idle.pop(), self._idle)
        except IndexError:
            return KeptConnection(self._detector.connection(), self._idle)


class KeptConnection:
    """A connection that is not closed when its user is done."""

    def __init__(self, connection: Connection, idle: deque[Connection]) -> None:
        self._connection = connection
        self._idle = idle

    def send(self, prepared: PreparedRequest) -> Reply:
        """Send the request and classify the reply."""
        return self._connection.send(prepared)

    def close(self) -> None:
        """Give the connection back."""
        self._idle.append(self._connection)
