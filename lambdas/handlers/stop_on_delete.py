"""StopOnDelete: ends the active runs and cleans up after them before the stack is deleted."""

from __future__ import annotations

from typing import Any

from lambdas.aws.custom_resource import send_response
from lambdas.aws.logging import logged
from lambdas.cleanup.deletion import end_all_runs


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """CloudFormation's request for the custom resource -> nothing; the response goes to the URL in the request."""
    send_response(event, failure=end_all_runs(event["RequestType"]))
