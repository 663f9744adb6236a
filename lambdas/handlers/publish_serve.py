"""PublishServe: saves the output of a run for uploads, notifies of it, and returns it."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.output.json_values import to_json
from lambdas.aws.logging import logged
from lambdas.inference.serve.publish import publish_serve


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> the execution's output."""
    answer: dict[str, Any] = to_json(publish_serve(event["runId"]))
    return answer
