"""A thousand workers a step: what PlanStep reads of them, and how large everything gets that has a limit.

How long it takes is no test's business: `python -m bench.scale` measures it.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.choices import MAX_WORKERS
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import LiveProgress
from iu_tuner.contract.output.result import Output
from lambdas.aws.table import dynamodb_client
from lambdas.capacity.step_plans import SearchLimits, confirmation_plan
from lambdas.images.image import Image, SkippedImage
from lambdas.images.search import MAX_IMAGES
from lambdas.images.selection import MAX_SKIPPED_LISTED
from lambdas.load.step import StepPlan
from lambdas.runs.store import RunStore, run_store
from local.simulated_model.model_spec import ModelTruth
from simulation.large_run import counted_by
from simulation.samples.run import sample_output
from tests.states.conftest import TABLE, Stack, hooked
from tests.states.test_load import running
from tests.support.item_size import LARGEST_ITEM, WRITE_UNIT, item_bytes

STATE_BYTES = 256 * 1024  # what a state takes and hands on, and an execution's output
ALL_AT_ONCE = {
    "mode": "precise",
    "startConcurrency": 4 * MAX_WORKERS,
    "maxConcurrency": 4 * MAX_WORKERS,
    "inFlightPerWorker": 4,
}
# Of 1,024 bytes, as S3 allows, and twice that where JSON spells it in ASCII.
MAX_KEY = "蜂" * 341


@pytest.fixture
def planned(stack: Stack) -> Stack:
    """A run of as many workers as there may be, before its first step."""
    running(stack, ModelTruth(tps_per_iu=1000), test=ALL_AT_ONCE)
    stack.probe()
    return stack


def report(step: dict[str, Any], workers: range | None = None) -> None:
    """The workers' counts, into the table."""
    plan = StepPlan.from_mapping(step)
    for worker in workers or range(plan.workers):
        counts = counted_by(worker, plan, step["number"], late=False)
        run_store("run-1").put_counts(step["number"], worker, counts)


@contextmanager
def items_read() -> Iterator[list[str]]:
    """The sort keys of all items that queries give out meanwhile."""
    read: list[str] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        read.extend(item["sk"]["S"] for item in parsed.get("Items", ()))

    with hooked(dynamodb_client(), "after-call.dynamodb.Query", note):
        yield read


def test_plan_step_reads_each_workers_counts_once(planned: Stack) -> None:
    first = planned.plan()
    assert first is not None and first["workers"] == MAX_WORKERS
    report(first)
    with items_read() as read_first:
        second = planned.plan()
    assert second is not None
    report(second, range(20))

    tracemalloc.start()
    with items_read() as read_second:
        planned.plan()
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sum("#WORKER#" in sk for sk in read_first) == MAX_WORKERS
    assert [sk for sk in read_second if "#WORKER#" in sk] == [f"STEP#02#WORKER#{n:04}" for n in range(20)]
    assert [sk for sk in read_second if "#WORKER#" not in sk] == ["CLOSED#00", "CLOSED#01", "STEP#02"]
    assert peak_bytes < 64e6
    workers = [item for item in planned.items() if "#WORKER#" in item["sk"]["S"]]
    assert len(workers) == 1 + MAX_WORKERS + 20
    assert max(map(item_bytes, workers)) <= WRITE_UNIT
    closed = [item for item in planned.items() if item["sk"]["S"].startswith("CLOSED#")]
    assert max(map(item_bytes, closed)) <= 4 * WRITE_UNIT
    # The step is handed to the map with the list of its workers, and to each worker.
    handed = {"step": second, "workers": list(range(MAX_WORKERS))}
    assert len(json.dumps(handed)) < STATE_BYTES / 10


def test_counts_of_a_closed_step_are_final_and_its_silent_workers_lost(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000), test={"startConcurrency": 80, "inFlightPerWorker": 4})
    stack.probe()
    step = stack.plan()
    assert step is not None and step["workers"] == 20
    report(step, range(19))
    report(step, range(5))  # some run twice
    stack.plan()
    closed = run_store("run-1").steps()[1]

    report(step, range(19, 20))

    assert closed.counts.lost_workers == 1
    assert run_store("run-1").steps()[1].counts == closed.counts
    once = [counted_by(worker, closed.counts.plan, 1, late=False) for worker in range(19)]
    assert sum(closed.counts.accepted) == sum(sum(counts.accepted) for counts in once)
    assert closed.counts.latency.count == sum(counts.latency.count for counts in once)


def test_a_confirmation_has_no_more_workers_than_run_at_once() -> None:
    limits = SearchLimits(max_concurrency=4000, in_flight_per_worker=4)

    plan = confirmation_plan(3000.0, 4.0, 4000, limits)

    assert plan.workers == MAX_WORKERS


def test_an_output_with_the_longest_keys_fits_into_a_state() -> None:
    answer = sample_output()
    reason = "the model refused it: InvalidImageFormatException: Request has invalid image format"
    skipped = [{"key": MAX_KEY, "reason": reason}] * (MAX_SKIPPED_LISTED + MAX_IMAGES)
    answer["images"]["skipped"] = skipped
    answer["steps"] = answer["steps"][-1:] * 99

    assert len(json.dumps(answer)) < STATE_BYTES
    assert len(json.dumps({"findings": answer}, ensure_ascii=False).encode()) < LARGEST_ITEM / 2


def test_a_runs_item_with_the_longest_keys_fits_into_the_table(planned: Stack) -> None:
    reason = "the model refused it: InvalidImageFormatException: Request has invalid image format"
    told = SkippedImage(MAX_KEY, reason)
    store: RunStore = run_store("run-1")
    run, progress = store.load()
    store.create(replace(run, images=(Image(MAX_KEY, 4_000_000),) * MAX_IMAGES, skipped=(told,) * MAX_SKIPPED_LISTED))

    store.save_progress(replace(progress, refused_images=(told,) * (MAX_IMAGES - 1)))
    steps = from_json(Output, sample_output()).steps
    store.save_live_progress(LiveProgress(0, 0, 0, steps[-1:] * 99))

    key = {"pk": {"S": "RUN#run-1"}, "sk": {"S": "RUN"}}
    assert item_bytes(planned.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]) < LARGEST_ITEM / 2
