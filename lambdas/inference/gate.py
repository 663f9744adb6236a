"""The gate: the event source mapping between the queue and AnalyseUploads.

It is enabled while the model runs and no run measures it. While it is disabled nothing is received, so waiting costs
nothing and uses up no receives.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

RUNNING = "RUNNING"
_set: dict[str, bool] = {}  # what this process has set, by mapping


def should_be_open(state: ModelState | None, lease: Lease | None) -> bool:
    """Whether uploads may be analysed now: the model runs, no run measures it, and the run that started it for them
    goes on. None: there is no model.
    """
    return state is not None and state.status == RUNNING and is_free(lease) and not _is_ending(lease)


def is_free(lease: Lease | None) -> bool:
    """Whether no run measures the model, which requests for uploads would disturb. A batch shares its pace."""
    return lease is None or lease.kind != "measure"


def _is_ending(lease: Lease | None) -> bool:
    """Whether a run for uploads is about to stop the model."""
    if lease is None or lease.kind != "serve":
        return False
    return lease.ends_serving or (lease.closing and lease.owes == "stop")


@dataclass(frozen=True)
class Gate:
    """An event source mapping. `is_open` is None while it changes."""

    mapping: str
    is_open: bool | None

    def set(self, *, is_open: bool) -> None:
        """Enable or disable the mapping, unless it is so already or changes just now.

        The first time that this function's process sets a gate it does not rely on the state that is shown, as that
        of a mapping which a deployment has made may not be true yet. A refusal is logged: the next look sets the gate.
        """
        if self.is_open is None or (self.is_open == is_open and _set.get(self.mapping) == is_open):
            return
        try:
            client("lambda").update_event_source_mapping(UUID=self.mapping, Enabled=is_open)
        except AWS_ERRORS:
            logger.warning("the gate could not be set; the next look does it", exc_info=True)
            return
        _set[self.mapping] = is_open
        logger.info("the gate is set", extra={"open": is_open})


def gate_of(queue_arn: str) -> Gate:
    """The gate of a queue. Raises ClientError, BotoCoreError."""
    (found,) = client("lambda").list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
    return Gate(found["UUID"], {"Enabled": True, "Disabled": False}.get(found["State"]))
