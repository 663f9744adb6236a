"""Random and mutated inputs of a batch: each is taken, or refused with a sentence that names the field."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from iu_tuner.contract.batch.batch_input import ProcessInput, parse_process_input
from iu_tuner.contract.errors import InvalidInput
from tests.support.fuzzed_batch_inputs import FIELDS, inputs
from tests.support.fuzzed_inputs import ARN, NASTY, is_in_words

EXAMPLES = int(os.environ.get("FUZZED_INPUTS", "300"))


def test_every_input_is_taken_or_refused_with_a_sentence() -> None:
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(raw=inputs())
    def look_at(raw: Any) -> None:
        try:
            parsed = parse_process_input(raw)
        except InvalidInput as refused:
            outcomes["refused"] += 1
            is_in_words(refused.sentence, raw, FIELDS)
        else:
            outcomes["taken"] += 1
            assert parsed.deadline_at(0.0) is None or parsed.deadline is not None
            assert parse_process_input(parsed.model_dump(mode="json", by_alias=True)) == parsed

    look_at()

    assert min(outcomes["refused"], outcomes["taken"]) > EXAMPLES / 20


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_takes_or_refuses_the_nastiest_values(field: str) -> None:
    place, _, name = field.rpartition(".")
    for value in NASTY:
        raw: dict[str, Any] = {"modelArn": ARN}
        (raw.setdefault(place, {}) if place else raw)[name] = value
        try:
            assert isinstance(parse_process_input(raw), ProcessInput)
        except InvalidInput as refused:
            is_in_words(refused.sentence, raw, FIELDS)
