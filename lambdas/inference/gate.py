"""The gate: the event source mapping between the queue and AnalyseUploads.

It is enabled while the model runs and no run measures it. While it is disabled nothing is received, so waiting costs
nothing and uses up no receives.
"""

from __future__ import annotations

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

RUNNING = "RUNNING"


def should_be_open(state: ModelState | None, lease: Lease | None) -> bool:
    """Whether uploads may be analysed now: the model runs, and no run measures it. None is a model that is not found."""
    return state is not None and state.status == RUNNING and is_free(lease)


def is_free(lease: Lease | None) -> bool:
    """Whether no run measures the model, which requests for uploads would disturb. A batch shares its pace with them."""
    return lease is None or lease.kind != "measure"


class Gate:
    """One event source mapping, by its identifier."""

    def __init__(self, mapping: str) -> None:
        self._mapping = mapping

    def is_open(self) -> bool | None:
        """Whether the mapping is enabled. Returns None while it changes. Raises ClientError, BotoCoreError."""
        state = client("lambda").get_event_source_mapping(UUID=self._mapping)["State"]
        return {"Enabled": True, "Disabled": False}.get(state)

    def set(self, *, is_open: bool) -> None:
        """Enable or disable the mapping. A refusal is logged: the next look sets it again."""
        try:
            client("lambda").update_event_source_mapping(UUID=self._mapping, Enabled=is_open)
        except AWS_ERRORS:
            logger.warning("the gate could not be set; the next look does it", exc_info=True)
            return
        logger.info("the gate is set", extra={"open": is_open})


def close_gate_of(queue_arn: str) -> None:
    """Close the gate of a queue at once, without waiting for the next look. Errors are logged."""
    try:
        found = client("lambda").list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
    except AWS_ERRORS:
        logger.warning("the gate could not be found; the next look closes it", exc_info=True)
        return
    for mapping in found:
        Gate(mapping["UUID"]).set(is_open=False)
