"""StartAfterUploads: one run for a burst of uploads, once no more came for a while and the model is free."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.upload_watch import look_after
from lambdas.adapters.work_queue import come_back


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages, each with an upload -> `{"batchItemFailures"}`: those that have to come back."""
    return come_back(look_after(event["Records"]))
