"""Summarise: writes the files of a batch: manifest.json, failed.jsonl, summary.csv, labels.manifest."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.end import summarise_batch


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """`{"runId"}` -> nothing; the output is kept in the runs table."""
    summarise_batch(event["runId"])
