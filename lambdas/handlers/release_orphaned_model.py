"""ReleaseOrphanedModel: releases the model of an execution that failed, timed out or was aborted.

No state runs after a timeout or an abort, so a rule on the execution's status change starts this Lambda. The events
come through a queue, which redelivers an event until its model is released.
"""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.aws.queue import retry_later
from lambdas.cleanup.ended import messages_to_retry


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages with status changes -> `{"batchItemFailures"}`: those that the queue redelivers."""
    return retry_later(messages_to_retry(event["Records"]))
