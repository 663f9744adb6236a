"""What the test of the oldest pydantic runs in a process that has it (tests/unit/contract/test_lowest_pydantic.py)."""

from __future__ import annotations

from typing import Any

import pydantic
from hypothesis import HealthCheck, given, settings

from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from tests.support import fuzzed_batch_inputs
from tests.support.fuzzed_inputs import inputs, is_in_words

LOWEST = "2.11.10"


def test_this_is_the_oldest_pydantic() -> None:
    assert pydantic.VERSION == LOWEST


@settings(max_examples=300, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=inputs())
def test_a_random_input_is_parsed_or_refused_in_a_sentence(raw: Any) -> None:
    try:
        parse_input(raw)
    except InvalidInput as refused:
        is_in_words(refused.sentence, raw)


@settings(max_examples=100, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=fuzzed_batch_inputs.inputs())
def test_a_random_batch_input_is_parsed_or_refused_in_a_sentence(raw: Any) -> None:
    try:
        parse_process_input(raw)
    except InvalidInput as refused:
        is_in_words(refused.sentence, raw, fuzzed_batch_inputs.FIELDS)
