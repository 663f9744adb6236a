"""StartAfterUploads: starts one run for a burst of uploads, once the burst is over and the model is free."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.aws.queue import retry_later
from lambdas.triggers.uploads import look_after


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages, each with an upload -> `{"batchItemFailures"}`: those that the queue redelivers."""
    return retry_later(look_after(event["Records"]))
