"""A running model that serves others is left alone, or its result says so."""

from __future__ import annotations

import pytest

from iu_tuner.contract.errors import ModelInUse
from lambdas.models.recent_traffic import TrafficSeen, recent_traffic, require_unused
from lambdas.models.rekognition.facts import FACTS


@pytest.mark.parametrize(
    ("of_model", "of_account", "requests", "is_of_model"),
    [
        ([[], []], [], 0, False),
        ([[], []], [3.0, 4.0], 7, False),
        ([[0.0, 0.0], []], [3.0, 4.0], 0, True),
        ([[2.0, 3.0], []], [3.0, 4.0], 5, True),
        ([[], [2.0]], [9.0], 2, True),
        ([[2.0, 3.0], [2.0, 3.0]], [9.0], 5, True),
    ],
    ids=[
        "silence",
        "the account's alone",
        "the model's own zero goes before the account's",
        "the model's own",
        "the model's own by operation",
        "named twice, counted once",
    ],
)
def test_the_models_own_series_decide_where_there_are_some(
    of_model: list[list[float]], of_account: list[float], requests: int, is_of_model: bool
) -> None:
    assert recent_traffic(of_model, of_account) == TrafficSeen(requests, of_model=is_of_model)


@pytest.mark.parametrize("of_model", [True, False])
def test_a_model_that_nobody_asked_is_free(of_model: bool) -> None:
    require_unused(TrafficSeen(0, of_model=of_model), FACTS)


@pytest.mark.parametrize(
    ("of_model", "said"),
    [
        (True, "other clients sent this model 12 requests in the 5 minutes before the run"),
        (False, "called 12 times .* CloudWatch does not say for which model, so it may be in use"),
    ],
)
def test_a_model_in_use_is_refused_with_the_way_to_measure_it_all_the_same(of_model: bool, said: str) -> None:
    with pytest.raises(ModelInUse, match=f"{said}.*set test.allowOtherTraffic to true"):
        require_unused(TrafficSeen(12, of_model=of_model), FACTS)
