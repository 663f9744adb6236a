"""ReleaseOrphanedModel: ends what an execution left behind that failed, timed out or was aborted.

Nothing inside a state machine runs after a timeout or an abort; the rule on its status change does. Its
events come through a queue, so that one whose model is not released yet comes back.
"""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.aws.queue import retry_later
from lambdas.cleanup.ended import not_cleaned_up


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages with status changes -> `{"batchItemFailures"}`: those that have to come back."""
    return retry_later(not_cleaned_up(event["Records"]))
