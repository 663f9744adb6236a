"""A refused input reaches nobody: no call to the model's service, nothing in the table."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture
from tests.support.fuzzed_inputs import inputs

EXAMPLES = int(os.environ.get("FUZZED_INPUTS", "60"))


def test_a_refused_input_touches_nothing_and_fails_by_its_name(stack: Stack) -> None:
    stack.upload("samples/1.png", picture())
    names = stack.service.add_model(ModelTruth())
    refused = []

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(raw=inputs(names["modelArn"]))
    def look_at(raw: Any) -> None:
        assume(not is_accepted(raw))
        with pytest.raises(InvalidInput) as failure:
            stack.prepare(raw)

        cause = json.dumps({"errorMessage": str(failure.value), "errorType": "InvalidInput"})
        assert stack.explain({"Error": "InvalidInput", "Cause": cause}) == {
            "error": "InvalidInput",
            "cause": failure.value.sentence,
        }
        assert stack.settle(raw, failed=True)
        refused.append(raw)

    calls_before = len(stack.service.report()["callLog"])
    look_at()

    assert len(refused) >= EXAMPLES
    assert len(stack.service.report()["callLog"]) == calls_before
    assert stack.service.model_report(names["modelArn"])["transitions"] == []
    assert [item for item in stack.items() if item["sk"]["S"] in ("LEASE", "STEP#01") or "plan" in item] == []


def is_accepted(raw: Any) -> bool:
    try:
        parse_input(raw)
    except InvalidInput:
        return False
    return True
