"""StopOnDelete: the stack is being deleted. Ends the runs that are on, and cleans up after them, first."""

from __future__ import annotations

from typing import Any

from lambdas.aws.custom_resource import answer
from lambdas.aws.logging import logged
from lambdas.cleanup.deletion import end_all_runs


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """CloudFormation's request for the custom resource -> its answer, sent to the URL it names."""
    answer(event, failure=end_all_runs(event["RequestType"]))
