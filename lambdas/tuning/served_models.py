"""What a run does with a model that analyses uploads: without a word about it, such a model keeps running."""

from __future__ import annotations

from collections.abc import Collection

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import ExecutionInput
from iu_tuner.contract.input_errors import wrong_value


def with_end_of_served(wanted: ExecutionInput, served: Collection[str]) -> ExecutionInput:
    """The input with `afterRun` "restore" if it names none and the model is one of those `served`.

    Raises:
        InvalidInput: the input would stop a model that analyses uploads, and does not say that it serves others.
    """
    if wanted.model_arn not in served:
        return wanted
    if "after_run" not in wanted.model_fields_set:
        return wanted.model_copy(update={"after_run": "restore"})
    if wanted.after_run == "stop" and not wanted.test.allow_other_traffic:
        takes = '"restore" for a model that analyses uploads, or "stop" with test.allowOtherTraffic true'
        raise InvalidInput(wrong_value("afterRun", wanted.after_run, takes))
    return wanted
