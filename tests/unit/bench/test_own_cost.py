"""What the tuner itself costs: the bill by hand, and docs/cost.md as it was reckoned."""

from __future__ import annotations

import json

import pytest

from bench.bill import Run, Use, lines
from bench.own_cost import BEGIN, DOCUMENT, END, RECORD, bill, large_run_of, run_of
from bench.sizes import item_bytes
from tests.infra.synth import resources


def test_the_bill_of_two_workers_by_hand() -> None:
    workers = Use(2, seconds=40.0, memory_mb=2048, write_units=2, read_units=8, log_events=4, log_bytes=999_896)
    plan = Use(3, seconds=2.0, memory_mb=512, write_units=6, s3_writes=1, s3_reads=10)

    usd = {line.service: line.usd for line in lines(Run({"ApplyLoad": workers, "PlanStep": plan}, 40, 7))}

    assert usd["Lambda, the workers"] == pytest.approx(2 * 0.2e-6 + 80 * 0.0000133334)
    # 512 MB have 0.29 of a CPU: at most 6.9 s.
    assert usd["Lambda, all others"] == pytest.approx(3 * 0.2e-6 + 2 * 1769 / 1024 * 0.0000133334)
    assert usd["Step Functions, the machine"] == pytest.approx(0.001)
    assert usd["Step Functions, the workers' Express children"] == pytest.approx(2e-6 + 2.5 * 0.00001667)
    assert usd["DynamoDB"] == pytest.approx(8 * 0.625e-6 + 8 * 0.125e-6)
    assert usd["S3"] == pytest.approx(0.000005 + 0.000004)
    assert usd["CloudWatch Logs"] == pytest.approx(0.0005)


def test_a_large_run_is_billed_by_its_workers() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    scale = record["scale"]

    small, large = run_of(record), large_run_of(record)

    assert large.workers.invocations == scale["items"] == scale["steps"] * scale["workersPerStep"]
    assert large.workers.write_units / large.workers.invocations == pytest.approx(
        small.workers.write_units / small.workers.invocations
    )
    assert large.workers.seconds > scale["loadSeconds"]
    assert large.functions["Publish"] == small.functions["Publish"]
    assert large.functions["PlanStep"].invocations == scale["steps"] + 1


def test_an_items_size_is_that_of_its_names_and_values() -> None:
    item = {"pk": {"S": "RUN#bée"}, "n": {"N": "1795240800"}, "flag": {"BOOL": True}}

    assert item_bytes(item) == (2 + 8) + (1 + 7) + (4 + 1)


def test_the_document_holds_the_bill_of_what_was_measured() -> None:
    kept = DOCUMENT.read_text("utf-8").split(BEGIN)[1].split(END)[0]

    assert kept.strip() == bill(json.loads(RECORD.read_text("utf-8"))), "run `python -m bench.own_cost --reckon`"


def test_the_alarms_that_are_billed_are_the_stack_s() -> None:
    record = json.loads(RECORD.read_text("utf-8"))

    assert record["run"]["alarms"] == len(resources("AWS::CloudWatch::Alarm"))
