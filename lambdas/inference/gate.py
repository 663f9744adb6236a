"""The gate: the event source mapping between the queue and AnalyseUploads.

It is enabled while the model runs and no run measures it. While it is disabled nothing is received, so waiting costs
nothing and uses up no receives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

RUNNING = "RUNNING"
# Batches of messages that are worked on at a time. SQS takes no fewer; a new account has 10 concurrent Lambdas.
MIN_BATCHES, MAX_BATCHES = 2, 10
UPLOADS_PER_BATCH = 10
BATCH_OVERHEAD_S = 2.0  # of a batch beside the time in which it waits for slots
_last_set: dict[str, bool] = {}  # what this process has set, by mapping


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


def batches_for(rate: float) -> int:
    """The number of batches at a time with which uploads use a rate (requests/s). One of them waits for slots."""
    return min(MAX_BATCHES, max(MIN_BATCHES, 1 + math.ceil(rate * BATCH_OVERHEAD_S / UPLOADS_PER_BATCH)))


@dataclass(frozen=True)
class Gate:
    """An event source mapping with so many `batches` at a time. `is_open` is None while it changes."""

    mapping: str
    is_open: bool | None
    batches: int = MIN_BATCHES

    def set(self, *, is_open: bool, batches: int = MIN_BATCHES) -> None:
        """Enable or disable the mapping, unless it is so already or changes just now. An open gate gets more batches.

        The first time that this function's process sets a gate it does not rely on the state that is shown, as that
        of a mapping which a deployment has made may not be true yet. A refusal is logged: the next look sets the gate.
        """
        is_set = self.is_open == is_open and _last_set.get(self.mapping) == is_open
        if self.is_open is None or (is_set and not (is_open and batches > self.batches)):
            return
        scaling = {"ScalingConfig": {"MaximumConcurrency": batches}} if is_open else {}
        try:
            client("lambda").update_event_source_mapping(UUID=self.mapping, Enabled=is_open, **scaling)
        except AWS_ERRORS:
            logger.warning("the gate could not be set; the next look does it", exc_info=True)
            return
        _last_set[self.mapping] = is_open
        logger.info("the gate is set", extra={"open": is_open})


def gate_of(queue_arn: str) -> Gate:
    """The gate of a queue. Raises ClientError, BotoCoreError."""
    (mapping,) = client("lambda").list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
    batches = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency", MIN_BATCHES)
    return Gate(mapping["UUID"], {"Enabled": True, "Disabled": False}.get(mapping["State"]), batches)
