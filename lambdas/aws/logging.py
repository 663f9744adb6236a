"""JSON logs. Each line has the id of its run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger

from iu_tuner.contract.names import RUN_OVER_MESSAGE

logger = Logger()

Handler = Callable[[dict[str, Any], Any], Any]


def log_run(row: Mapping[str, Any]) -> None:
    """Log one line about a finished run. Its fields are on the top level, where the dashboard queries them."""
    logger.info(RUN_OVER_MESSAGE, extra={**row})


def logged(handler: Handler) -> Handler:
    """Wrap a handler so that its result is logged, with the run's id if it has one. The Lambda runtime logs errors."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def with_logs(event: dict[str, Any], context: Any) -> Any:
        if "runId" in event:
            logger.append_keys(runId=event["runId"])
        answer = handler(event, context)
        logger.info("done", extra={"answer": answer})
        return answer

    return with_logs
