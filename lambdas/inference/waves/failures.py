"""The uploads that could not be analysed, by error, in the runs table: `MODEL#<arn>` / `UPLOADS#FAILURES`.

The numbers only grow. Each error has an example: the last image with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from iu_tuner.contract.names import UPLOAD_FAILURES_ITEM
from iu_tuner.contract.uploads.serve_output import FailedImages
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.inference.waves.activity import items_of
from lambdas.processing.outcomes import Failure

MAX_MESSAGE = 1000  # characters
_IMAGES, _KEY, _MESSAGE = "images ", "key ", "message "  # names of attributes, before the error's name


def count_failures(model_arn: str, failures: Sequence[Failure]) -> None:
    """Count images by their errors. An error of the table is logged: it must not bring the messages back."""
    last_failures = {failure.error: failure for failure in failures}
    if not last_failures:
        return
    amounts = {f"{_IMAGES}{error}": number for error, number in Counter(each.error for each in failures).items()}
    examples = {f"{_KEY}{error}": each.image.key for error, each in last_failures.items()}
    messages = {f"{_MESSAGE}{error}": each.message[:MAX_MESSAGE] for error, each in last_failures.items()}
    try:
        items_of(model_arn).add_all(UPLOAD_FAILURES_ITEM, amounts, {**examples, **messages})
    except AWS_ERRORS:
        logger.exception("failed uploads could not be counted by their errors")


def failures_of(model_arn: str) -> list[FailedImages]:
    """The failures until now. Raises ClientError, BotoCoreError."""
    try:
        item = items_of(model_arn).get(UPLOAD_FAILURES_ITEM)
    except KeyError:
        return []
    errors = [name.removeprefix(_IMAGES) for name in item if name.startswith(_IMAGES)]
    return [FailedImages(each, item[_IMAGES + each], item[_KEY + each], item[_MESSAGE + each]) for each in errors]
