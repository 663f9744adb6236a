"""Client tokens: the service takes requests with the same token for one request, for some hours."""

from __future__ import annotations

import hashlib

from lambdas.models.lease import Lease


def client_token(lease: Lease, verb: str, since: float | None) -> str:
    """The token of a request to start or stop by the run that holds the lease, 32 characters of 0-9 and a-f.

    For a start, `since` is when a status check last found the model starting or running, in epoch seconds, or None.
    So a start without an effect is repeated with the same token, and a start after a stop has another one. For a stop
    it is the present time: each request to stop counts, as one without an effect has to be repeated.

    Two state machines may each have a run of the same name, so its model and its start count, too.
    """
    parts = (lease.model_arn, lease.run_id, lease.started_at, verb, str(since))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
