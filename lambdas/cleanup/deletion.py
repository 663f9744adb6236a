"""Ends all runs of a stack that is being deleted, and releases their models first.

CloudFormation waits for a single response, so this polls the models itself, for the 15 minutes that a Lambda may run.
If a model is still starting then, the deletion fails; a second deletion continues.
"""

from __future__ import annotations

import time

from lambdas.aws.executions import abort_all, states_client
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import reconcile
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import console_of

MAX_INVOCATION_S = 13 * 60.0
NO_NEW_LEASES_S = 1800.0  # longer than a deletion takes, and finite, so that a failed one does not block runs for good


def end_all_runs(request_type: str) -> str | None:
    """Returns the reason why the stack can't be deleted yet, or None if it can or if nothing is being deleted."""
    if request_type != "Delete":
        return None
    try:
        return _until_released()
    except Exception as error:  # noqa: BLE001 - without a response CloudFormation waits for an hour
        logger.exception("the models could not be cleaned up")
        return f"models may still be running: {error} - stop them in {console_of(None)}, then delete again"


def _until_released() -> str | None:
    deadline = time.monotonic() + MAX_INVOCATION_S
    lease_store().block_new_leases(NO_NEW_LEASES_S)
    while True:
        cause = "The stack of the Inference Unit Tuner is being deleted."
        ended_count = sum(abort_all(states_client(), machine, cause) for machine in settings().state_machine_arns)
        unreleased_leases = [lease for lease in lease_store().all() if not reconcile(lease, by="stack deletion")]
        if not ended_count and not unreleased_leases:
            return None
        if time.monotonic() > deadline:
            arns = ", ".join(lease.model_arn for lease in unreleased_leases)
            return f"still starting or stopping: {arns} - delete the stack again in a few minutes"
        time.sleep(min(settings().model_poll_s, 15))
