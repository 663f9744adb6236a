"""ListImages: lists the images of a batch into shards."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.listing import list_images


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId", "listing"}` -> `{"listing", "listed"}`; if not all is listed, call again with the new `listing`."""
    return list_images(event["runId"], event.get("listing"))
