"""ProcessImages: one worker of a round. It sends images at the model's pace and writes their results."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.worker import process_images


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """`{"runId", "round": as planned, "worker": 0, 1, …}` -> nothing; the counts are in the runs table."""
    process_images(event["runId"], event["round"], event["worker"])
