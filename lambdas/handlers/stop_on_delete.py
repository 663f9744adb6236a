"""StopOnDelete: the stack is being deleted. Ends the runs that are on, and settles what they owe, first.

CloudFormation waits for one answer, so this function looks again and again by itself, for the quarter of
an hour that a Lambda has. A model that is still starting then fails the deletion; deleting again goes on.
"""

from __future__ import annotations

import time
from typing import Any

from lambdas.aws.custom_resource import answer
from lambdas.aws.executions import abort_all, states_client
from lambdas.aws.logging import logged, logger
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import settle
from lambdas.models.lease_store import lease_store

PATIENCE_S = 13 * 60.0
NO_NEW_LEASES_S = 1800.0  # longer than all of a stack takes to go; a deletion that fails blocks no run for good


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """CloudFormation's request for the custom resource -> its answer, sent to the URL it names."""
    failure = None
    try:
        if event["RequestType"] == "Delete":
            failure = _settle_all()
    except Exception as error:  # noqa: BLE001 - without an answer CloudFormation would wait for an hour
        logger.exception("the models could not be settled")
        failure = f"models may still be running: {error} - stop them in the Rekognition console, then delete again"
    answer(event, failure=failure)


def _settle_all() -> str | None:
    """Until no run is on and no lease is left; or which are left."""
    deadline = time.monotonic() + PATIENCE_S
    lease_store().guard(NO_NEW_LEASES_S)
    while True:
        ended = abort_all(
            states_client(), settings().state_machine_arn, "The stack of the Inference Unit Tuner is being deleted."
        )
        left = [lease for lease in lease_store().all() if not settle(lease, by="stack deletion")]
        if not ended and not left:
            return None
        if time.monotonic() > deadline:
            arns = ", ".join(lease.model_arn for lease in left)
            return f"still starting or stopping: {arns} - delete the stack again in a few minutes"
        time.sleep(min(settings().model_poll_s, 15))
