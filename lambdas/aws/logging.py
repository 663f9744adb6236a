"""JSON logs, each line with the run it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger

from iu_tuner.contract.names import RUN_OVER

logger = Logger()

Handler = Callable[[dict[str, Any], Any], Any]


def log_run(row: Mapping[str, Any]) -> None:
    """One line for a run that is over, with its fields on the line itself: the dashboard queries them."""
    logger.info(RUN_OVER, extra={**row})


def logged(handler: Handler) -> Handler:
    """Log what a handler answers, with its run's id if it has one; what it raises is logged by the Lambda runtime."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def with_logs(event: dict[str, Any], context: Any) -> Any:
        if "runId" in event:
            logger.append_keys(runId=event["runId"])
        answer = handler(event, context)
        logger.info("done", extra={"answer": answer})
        return answer

    return with_logs
