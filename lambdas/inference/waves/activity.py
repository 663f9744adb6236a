"""What AnalyseUploads has done for a model, in the runs table: `MODEL#<arn>` / `UPLOADS`. The numbers only grow.

They are exact and come at once, which the counters of SQS are not.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from iu_tuner.contract.names import UPLOADS_ITEM, model_pk
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.table import Attributes, Partition, dynamodb_client


@dataclass(frozen=True)
class Activity:
    """Images with a new result, dead letters, and batches of messages, in all; the end of the last batch (epoch s).

    `served_by` is the execution that was last started for these uploads.
    """

    images_done: int = 0
    images_failed: int = 0
    batches: int = 0
    active_at: float | None = None
    served_by: str | None = None


_ATTRIBUTES = Attributes(Activity)


def activity_of(model_arn: str) -> Activity:
    """The activity until now. Raises ClientError, BotoCoreError."""
    with suppress(KeyError):
        return _ATTRIBUTES.read(items_of(model_arn).get(UPLOADS_ITEM))
    return Activity()


def count_batch(model_arn: str, *, done: int, failed: int) -> None:
    """Count a batch of messages that is over. An error is logged: it must not bring the messages back."""
    amounts = {"imagesDone": done, "imagesFailed": failed, "batches": 1}
    try:
        items_of(model_arn).add_all(UPLOADS_ITEM, amounts, {"activeAt": time.time()})
    except AWS_ERRORS:
        logger.exception("a batch of uploads could not be counted")


def save_execution(model_arn: str, execution_arn: str) -> None:
    """Save the execution that is started for the model's uploads. Raises ClientError, BotoCoreError."""
    items_of(model_arn).update(UPLOADS_ITEM, {"servedBy": execution_arn})


def items_of(model_arn: str) -> Partition:
    """The items of a model in the runs table."""
    return Partition(dynamodb_client(), settings().runs_table, model_pk(model_arn))
