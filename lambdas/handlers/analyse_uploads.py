"""AnalyseUploads: uploaded images to results, at the model's pace."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.aws.queue import retry_later
from lambdas.inference.analyse import analyse


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages, each with an upload -> `{"batchItemFailures"}`: those that the queue redelivers."""
    return retry_later(analyse(event["Records"]))
