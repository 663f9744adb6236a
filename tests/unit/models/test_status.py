"""Every status has its road."""

from __future__ import annotations

import boto3
import pytest

from iu_tuner.contract.errors import ModelLost, ModelNotStartable, ModelStartFailed
from lambdas.models.status import MAX_LOOKS, STATUSES, ModelState, move_to_running, require_running

MOVES = {
    "TRAINING_COMPLETED": "start",
    "STOPPED": "start",
    "FAILED": "start",
    "COPYING_COMPLETED": "start",
    "STARTING": "wait",
    "STOPPING": "wait",
    "RUNNING": "use",
}


def test_the_statuses_are_those_of_the_service() -> None:
    client = boto3.client("rekognition", region_name="us-east-1")
    enum = client.meta.service_model.shape_for("ProjectVersionStatus").enum

    assert set(enum) == STATUSES


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_each_status_has_its_move_or_is_refused_by_name(status: str) -> None:
    state = ModelState(status, "something happened")

    if status in MOVES:
        assert move_to_running(state) == MOVES[status]
    else:
        with pytest.raises(ModelNotStartable, match=rf"the model is {status} \(something happened\)"):
            move_to_running(state)


def test_a_status_yet_unknown_is_refused() -> None:
    with pytest.raises(ModelNotStartable, match="the model is HIBERNATING"):
        move_to_running(ModelState("HIBERNATING"))


@pytest.mark.parametrize(
    ("status", "attempts", "waited_s", "said"),
    [
        ("FAILED", 1, 0.0, "the model was started and is now FAILED"),
        ("STOPPED", 10, 0.0, "still STOPPED after 10 attempts"),
        ("STARTING", 1, 2701.0, "still STARTING after 45 minutes"),
    ],
)
def test_a_start_that_leads_nowhere_is_given_up(status: str, attempts: int, waited_s: float, said: str) -> None:
    with pytest.raises(ModelStartFailed, match=said):
        move_to_running(ModelState(status), attempts=attempts, waited_s=waited_s)


@pytest.mark.parametrize(("status", "units"), [("STARTING", None), ("STOPPING", None), ("RUNNING", 2)])
def test_looks_at_a_model_that_does_not_come_to_run_have_an_end(status: str, units: int | None) -> None:
    state = ModelState(status, "", 1)
    assert move_to_running(state, units=units, looks=MAX_LOOKS - 1) in ("wait", "restart")

    with pytest.raises(ModelStartFailed, match=f"still {status} after 2000 looks"):
        move_to_running(state, units=units, looks=MAX_LOOKS)


@pytest.mark.parametrize(("least", "most", "scales_to"), [(1, None, None), (2, 2, None), (1, 3, 3), (None, 2, 2)])
def test_a_maximum_above_the_minimum_means_auto_scaling(
    least: int | None, most: int | None, scales_to: int | None
) -> None:
    assert ModelState("RUNNING", "", least, most).auto_scales_to == scales_to


def test_what_is_or_gets_running_costs_money() -> None:
    assert {status for status in STATUSES if ModelState(status).costs_money} == {"STARTING", "RUNNING", "STOPPING"}


@pytest.mark.parametrize("status", sorted(STATUSES - {"RUNNING"}))
def test_any_other_status_under_test_means_the_model_is_lost(status: str) -> None:
    require_running(ModelState("RUNNING"))

    with pytest.raises(ModelLost, match=f"from RUNNING to {status}"):
        require_running(ModelState(status))
