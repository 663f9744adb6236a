"""LookAtUploads: looks at the queues of a model that runs for uploads; closes them when it is no longer needed."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.inference.serve.look import look_at_uploads


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{"wait"}`: the seconds until the next look, or null if the model can be released."""
    return {"wait": look_at_uploads(event["runId"])}
