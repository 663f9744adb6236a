"""What becomes of a model that analyses uploads after a run on it."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from lambdas.tuning.served_models import keep_served_model_running

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"


@pytest.mark.parametrize(
    ("given", "served", "end"),
    [
        ({}, [], "stop"),
        ({}, [ARN], "restore"),
        ({"afterRun": "restore"}, [ARN], "restore"),
        ({"afterRun": "stop", "test": {"allowOtherTraffic": True}}, [ARN], "stop"),
        ({"afterRun": "stop"}, [], "stop"),
    ],
)
def test_a_model_that_analyses_uploads_keeps_running(given: dict[str, Any], served: list[str], end: str) -> None:
    assert keep_served_model_running(parse_input({"modelArn": ARN, **given}), served).after_run == end


def test_a_stop_needs_the_word_that_others_use_the_model() -> None:
    with pytest.raises(InvalidInput, match='afterRun: got "stop"; takes "restore"'):
        keep_served_model_running(parse_input({"modelArn": ARN, "afterRun": "stop"}), [ARN])
