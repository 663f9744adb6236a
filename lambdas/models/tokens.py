"""Client tokens: the service takes requests with the same token for one request, for some hours."""

from __future__ import annotations

import hashlib


def client_token(run_id: str, verb: str, since: float | None) -> str:
    """The token of a run's request to start or stop, 32 characters of 0-9 and a-f.

    For a start, `since` is when a status check last found the model starting or running, in epoch seconds, or None.
    So a start without an effect is repeated with the same token, and a start after a stop has another one. For a stop
    it is the present time: each request to stop counts, as one without an effect has to be repeated.
    """
    return hashlib.sha256(f"{run_id}/{verb}/{since}".encode()).hexdigest()[:32]
