"""ProbeImages: sends each image once and drops those that the model refuses."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.load import probe_images
from lambdas.tuning.scaling_guard import keep_answer_on_error


@logged
@keep_answer_on_error({})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the probe's counts are step 0, and the run's progress lists the refused images."""
    probe_images(event["runId"])
    return {}
