"""What an earlier version has written into the runs table is read: a stack is updated while a run is on.

`earlier_items.json` was written by the stores as they were when each mapped its values by hand.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from iu_tuner.contract.output.live_run import Receipt
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import Image, SkippedImage
from lambdas.load.step import StepPlan
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.tariff import BilledPeriod, UnitsQuota
from lambdas.past_runs.store import history
from lambdas.planning.demand import AnyDemand, BatchDemand, PastDemand, TrafficDemand
from lambdas.planning.history_store import HistoryItems
from lambdas.planning.request_history import RequestHistory
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from tests.states.conftest import TABLE, Stack

ITEMS = json.loads((Path(__file__).parent / "earlier_items.json").read_text("utf-8"))
ARN = "arn:aws:rekognition:eu-west-1:123456789012:project/bees/version/v1/1615476219000"
PROJECT = "arn:aws:rekognition:eu-west-1:123456789012:project/bees/1614247896000"
RUN = Run(
    run_id="r-past",
    model_arn=ARN,
    project_arn=PROJECT,
    started_at="2026-11-21T06:00:00.000Z",
    inference_units=2,
    requested_units=None,
    usd_per_unit_hour=4.0,
    expected_usd=1 / 3,
    mode="standard",
    start_concurrency=4,
    max_concurrency=256,
    in_flight_per_worker=8,
    max_minutes=90.0,
    max_usd=10.0,
    demand=PastDemand(14, 99.0, 0.2),
    bucket="images",
    source="bytes",
    images=(Image("samples/ü.jpg", 300_000),),
    skipped=(SkippedImage("samples/notes.txt", "it is text", "text"),),
    images_found=2,
    images_skipped=1,
    auto_scales_to=3,
    other_traffic=TrafficSeen(12, of_model=False),
    effective_input={"modelArn": ARN, "test": {"mode": "standard"}},
    after_run="apply",
    compare_images=True,
    scaling_quota=UnitsQuota(4, "Service Quotas"),
    images_counted=ImagesFound("samples/", 2, {"text": 1}, 2, is_estimate=False, listing_was_cut=False),
    tps_quota=TpsQuota(100.0, "Service Quotas", is_applied=True),
    most_workers=500,
    warnings=("one",),
)
PROGRESS = Progress(
    start_attempts=1,
    start_looks=2,
    first_look_at=1000.5,
    last_look_at=1010.0,
    starting_at=1005.25,
    running_since=1010.0,
    refused_images=(SkippedImage("samples/ü.jpg", "refused", "text"),),
    inference_units=2,
    auto_scales_to=3,
    units_wanted=4,
    probe_number=5,
    stretches=(BilledPeriod(2, 900.0, 1000.0),),
    scaling_error="why",
)
LEASE = Lease(
    model_arn=ARN,
    run_id="r-past",
    execution_arn="arn:aws:states:eu-west-1:123456789012:execution:Tuner:r-past",
    started_at="2026-11-21T06:00:00.000Z",
    max_minutes=90.0,
    after_run="apply",
    project_arn=PROJECT,
    status_found="STOPPED",
    owes="apply",
    start_asked_at=1004.5,
    closing=True,
    min_units_decided=1,
    max_units_decided=3,
)


@pytest.fixture(autouse=True)
def items(stack: Stack) -> None:
    for item in ITEMS:
        stack.dynamodb.put_item(TableName=TABLE, Item=item)


def test_a_run_under_way_goes_on_where_it_was() -> None:
    store = run_store("r-past")

    assert store.load() == (RUN, PROGRESS)
    assert store.receipt() == Receipt("rule", 1200.5, "STOPPED", "RUNNING", 1010.0, None, 0.05, 0.2, 2, 3, applied=True)
    (step,) = store.steps()
    assert (step.number, step.start_at, step.lead_s) == (1, 1011.25, 3.0)
    assert step.counts.plan == StepPlan("ramp", 16, 2, 4.0, 6.0, 8.0)
    assert (sum(step.counts.accepted), sum(step.counts.throttled)) == (10, 2)


@pytest.mark.parametrize(
    ("run_id", "demand"),
    [("r-batch", BatchDemand(54000, 3.0)), ("r-traffic", TrafficDemand(6.0, 15.0)), ("r-none", None)],
)
def test_each_kind_of_demand_is_known_by_its_keys(run_id: str, demand: AnyDemand | None) -> None:
    run, progress = run_store(run_id).load()

    assert run.demand == demand
    assert progress == Progress()


def test_a_lease_is_held_as_before_and_released_by_its_run_alone() -> None:
    leases = lease_store()

    assert leases.get(ARN) == leases.held_by("r-past") == LEASE
    assert leases.acquire(replace(LEASE, run_id="another")) == LEASE
    leases.release(replace(LEASE, run_id="another"))
    assert leases.all() == [LEASE]
    leases.release(LEASE)
    assert leases.get(ARN) is None


def test_earlier_runs_are_compared_with_whether_they_had_a_rate_or_not() -> None:
    assert history().last_tps(PROJECT, ARN, before="2026-11-30T00:00:00.000Z") == 5.0


def test_past_requests_and_this_tuners_own_runs_are_known(stack: Stack) -> None:
    items = HistoryItems(stack.dynamodb, TABLE)

    assert items.load("r-past") == RequestHistory(
        14, 1_000_000, 60, (None, 0, 7, 3), throttled=1, of_model=True, in_service_known=True, own_runs=1
    )
    assert items.own_runs(1_790_000_000, ARN) == [(1_790_000_010.0, 1_790_000_200.123)]
