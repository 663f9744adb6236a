"""The pace of a model in DynamoDB, which several workers share."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.aws.table import Partition
from lambdas.past_runs.store import history
from lambdas.processing.first_pace import USABLE_VERDICTS, MeasuredRate, first_pace, last_measured_rate
from lambdas.processing.pace import Pace, Report
from lambdas.processing.pace_store import PaceStore, pace_store
from tests.states.conftest import TABLE, Stack
from tests.support.modules import ROOT

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2026/1700000000000"
NOW = 1_800_000_000.0
START = first_pace(2, MeasuredRate(5.0, 0.2))


class Counted:
    """A DynamoDB client that counts the writes, and lets another worker write before the next `others`."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb, self.writes, self.others = dynamodb, 0, list[Any]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def update_item(self, **arguments: Any) -> Any:
        if self.others:
            self.others.pop()()
        self.writes += 1
        return self._dynamodb.update_item(**arguments)


def _present(store: PaceStore) -> Pace:
    pace = store.load()
    assert pace is not None
    return pace


def test_the_first_work_sets_the_pace_and_later_work_joins_it(stack: Stack) -> None:
    batch, live = pace_store(ARN, "batch"), pace_store(ARN, "live")

    assert batch.load() is None
    assert batch.begin(START, NOW)
    assert batch.load() == live.load() == START
    assert not live.begin(first_pace(2, None), NOW + 30)
    assert live.begin(replace(START, rate=6.0), NOW + 100)
    assert _present(batch).rate == 6.0


def test_a_later_start_goes_on_from_what_an_earlier_one_has_found(stack: Stack) -> None:
    store = pace_store(ARN, "live")
    store.begin(replace(first_pace(2, None), rate=30.0, slow_start=False, seeking=True), NOW)
    assert store.begin(first_pace(2, None), NOW + 100)
    assert (_present(store).rate, _present(store).slow_start) == (15.0, True)

    store.begin(Pace(rate=12.0, units=2, measured=6.1, ceiling=12.5), NOW + 200)
    assert store.begin(first_pace(3, None), NOW + 300)
    assert (_present(store).rate, _present(store).slow_start) == (pytest.approx(18.0), False)
    assert store.begin(first_pace(3, None), NOW + 400, starts_anew=True)
    assert (_present(store).rate, _present(store).slow_start) == (3.0, True)


def test_an_exchange_is_one_write_and_workers_share_the_rate(stack: Stack) -> None:
    client = Counted(stack.dynamodb)
    items = Partition(client, TABLE, f"MODEL#{ARN}")
    first, second = PaceStore(items, "batch", workers=2), PaceStore(items, "batch", workers=2)
    first.begin(START, NOW)
    client.writes = 0

    one, other = first.exchange(Report(), NOW), second.exchange(Report(), NOW)

    assert client.writes == 2
    assert other.first == pytest.approx(one.end, abs=1e-5)
    assert one.count + other.count == pytest.approx(START.rate, abs=1)
    first.exchange(Report("1111"), NOW + 1)
    assert _present(second).rate < START.rate


def test_a_write_of_another_worker_in_between_is_not_lost(stack: Stack) -> None:
    client = Counted(stack.dynamodb)
    mine = PaceStore(Partition(client, TABLE, f"MODEL#{ARN}"), "batch", workers=2)
    other = pace_store(ARN, "batch", workers=2)
    other.begin(START, NOW)
    taken = list[Any]()
    client.others = [lambda: taken.append(other.exchange(Report("1010101010"), NOW))]

    slots = mine.exchange(Report(), NOW)

    assert client.writes == 2
    assert slots.first >= taken[0].end - 1e-5
    assert _present(mine).rate < START.rate


def test_a_worker_that_others_always_precede_gets_no_slots_and_asks_again(stack: Stack) -> None:
    client = Counted(stack.dynamodb)
    mine, other = PaceStore(Partition(client, TABLE, f"MODEL#{ARN}"), "batch"), pace_store(ARN, "live")
    other.begin(START, NOW)
    client.others = [lambda: other.exchange(Report(), NOW, wanted_slots=1)] * 20

    slots = mine.exchange(Report(), NOW)

    assert slots.count == 0
    assert slots.again_at > NOW


def test_no_slots_are_given_out_while_the_table_does_not_answer(stack: Stack) -> None:
    client = Counted(stack.dynamodb)
    store = PaceStore(Partition(client, TABLE, f"MODEL#{ARN}"), "batch")
    store.begin(START, NOW)

    def down() -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    client.others = [down]

    assert store.exchange(Report(), NOW).count == 0
    assert store.exchange(Report(), NOW).count > 0


def test_the_units_in_service_scale_the_pace(stack: Stack) -> None:
    store = pace_store(ARN, "batch")
    store.begin(START, time.time())

    store.set_units(4)

    assert _present(store).rate == pytest.approx(2 * START.rate)
    assert _present(store).units == 4


def test_the_start_comes_from_the_models_past_runs(stack: Stack) -> None:
    lines = (ROOT / "tests/unit/contract/output/outputs.jsonl").read_text("utf-8").splitlines()
    output = next(each for each in map(json.loads, lines) if each["verdict"] == "ok" and "cost" in each)
    past = Partition(stack.dynamodb, TABLE, f"MODEL#{ARN}")
    past.put("RUN#2026-01-01T00:00:00Z", {"output": json.dumps(output), "verdict": "ok"})
    past.put("RUN#2026-01-02T00:00:00Z", {"error": "ModelLost", "cause": "the model stopped"})

    measured = last_measured_rate(history().outputs(ARN, verdicts=USABLE_VERDICTS))

    assert measured is not None
    assert measured.tps == output["tpsPerInferenceUnit"]


def test_without_a_pace_nothing_is_sent(stack: Stack) -> None:
    with pytest.raises(KeyError, match="PACE"):
        pace_store(ARN, "batch").exchange(Report(), NOW)
