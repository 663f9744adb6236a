"""What a run does with a model that analyses uploads: without a word about it, such a model keeps running."""

from __future__ import annotations

from collections.abc import Collection

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import ExecutionInput
from iu_tuner.contract.input_errors import wrong_value


def keep_served_model_running(run_input: ExecutionInput, served: Collection[str]) -> ExecutionInput:
    """The input with `afterRun` "restore" if it names none and the model is one of those `served`.

    Raises:
        InvalidInput: the input would stop a model that analyses uploads, and does not say that it serves others.
    """
    if run_input.model_arn not in served:
        return run_input
    if "after_run" not in run_input.model_fields_set:
        return run_input.model_copy(update={"after_run": "restore"})
    if run_input.after_run == "stop" and not run_input.test.allow_other_traffic:
        takes = '"restore" for a model that analyses uploads, or "stop" with test.allowOtherTraffic true'
        raise InvalidInput(wrong_value("afterRun", run_input.after_run, takes))
    return run_input
