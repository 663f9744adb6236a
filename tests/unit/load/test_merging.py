"""A step's workers as one: nothing that is asked of a step may change by it."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from lambdas.aws.table import plain as plain_item
from lambdas.aws.table import serialized
from lambdas.capacity.step_checks import is_usable, limiting_factor
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.measured_step import MeasuredStep, lead_s, merged_step
from lambdas.load.step import StepPlan
from lambdas.runs.step_rows import measured_so_far
from lambdas.runs.store_items import closed_item, closed_step

PLAN = StepPlan("confirm", 12, 4, 2.0, 2.0, 2.0, paced_tps=9.5, paced_s=8.0, wait_s=1.5)
ASKED = (
    "lost_workers",
    "seconds",
    "whole_seconds",
    "accepted",
    "throttled",
    "recently_throttled",
    "failed",
    "completed",
    "failures",
    "sent",
    "account_limited",
    "unanswered_tps",
    "late",
    "cpu_share",
    "bytes_per_s",
    "stalled",
    "usable_seconds",
    "spoilt_seconds",
)
ASKED_OF_SOME = ("first_full_second", "client_utilization")  # where all workers were lost, nobody asks

per_second = st.lists(st.integers(0, 50), max_size=20)
thousandths = st.integers(-3000, 30_000).map(lambda value: value / 1000)
workers = st.builds(
    WorkerCounts,
    accepted=per_second,
    throttled=per_second,
    failed=per_second,
    completed=per_second,
    failures=st.dictionaries(st.sampled_from(["InternalServerError", "RequestTimeout"]), st.integers(1, 9)),
    latency=st.dictionaries(st.integers(-300, 600), st.integers(1, 9)).map(
        lambda buckets: LatencyHistogram.from_mapping({str(i): n for i, n in buckets.items()})
    ),
    seconds=thousandths,
    ready_s=thousandths,
    client_utilization=st.integers(0, 1000).map(lambda value: value / 1000),
    late=st.integers(0, 9),
    cpu_share=st.integers(0, 1500).map(lambda value: value / 1000),
    bytes_per_s=st.integers(0, 10**8),
    stalled=st.sets(st.integers(0, 30)).map(sorted),
)


@given(st.lists(workers, max_size=PLAN.workers))
def test_a_closed_step_read_back_answers_as_its_workers_did(reported: list[WorkerCounts]) -> None:
    step = MeasuredStep(3, 1_795_240_800.25, 8.5, StepCounts(PLAN, reported))

    item = {"sk": "CLOSED#03", **closed_item(merged_step(step))}
    read = closed_step(plain_item(serialized(item)))

    asked = ASKED + (ASKED_OF_SOME if reported else ())
    assert {name: getattr(read.counts, name) for name in asked} == {name: getattr(step.counts, name) for name in asked}
    assert read.counts.latency.as_mapping() == step.counts.latency.as_mapping()
    assert measured_so_far([read]) == measured_so_far([step])
    assert (read.number, read.start_at, read.counts.plan) == (3, 1_795_240_800.25, PLAN)
    assert lead_s(read) == lead_s(step)
    if reported:
        assert limiting_factor(read.counts) == limiting_factor(step.counts)
        assert is_usable(read.counts) == is_usable(step.counts)


@given(st.lists(workers, min_size=2, max_size=PLAN.workers))
def test_what_was_merged_can_be_merged_again(reported: list[WorkerCounts]) -> None:
    step = MeasuredStep(3, 0.0, 8.5, StepCounts(PLAN, reported))

    once = merged_step(step)

    assert asdict(merged_step(once)) == asdict(once)
    assert len(once.counts.workers) == 1
