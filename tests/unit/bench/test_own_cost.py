"""What the tuner itself costs: prices from docs/cost.md, and a bill by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bench.own_cost import DOCUMENT, bill, gb_seconds, prices
from tests.infra.synth import resources
from tests.support.item_size import item_bytes

PAGE = DOCUMENT.read_text("utf-8")


def test_the_prices_are_those_of_the_page() -> None:
    usd = prices(PAGE)

    assert usd["Lambda request"] == pytest.approx(0.2e-6)
    assert usd["Lambda GB-second"] == pytest.approx(0.0000133334)
    assert usd["state transition"] == pytest.approx(0.000025)


def test_a_small_lambda_is_billed_as_if_its_time_were_processor_time() -> None:
    assert gb_seconds(2.0, 1769) == pytest.approx(2 * 1769 / 1024)
    assert gb_seconds(2.0, 3538) == pytest.approx(2 * 3538 / 1024)
    assert gb_seconds(2.0, 512) == pytest.approx(2 * 1769 / 1024)  # 0.29 of a CPU for 3.46 times as long


def test_a_bill_is_each_count_at_its_price_and_their_sum() -> None:
    table = bill({"state transition": 40, "trace": 10}, {"state transition": 0.000025, "trace": 0.000005})

    assert re.findall(r"\d\.\d{6}", table) == ["0.001000", "0.000050", "0.001050"]


def test_the_page_s_bill_is_its_counts_at_its_prices() -> None:
    shown = re.findall(r"^\| ([\w -]+) \| ([\d.,]+) \| (0\.\d{6}) \|$", PAGE, re.MULTILINE)
    counted = {name: float(number.replace(",", "")) for name, number, _ in shown}

    assert len(shown) == 9
    assert bill(counted, prices(PAGE)) in PAGE


def test_the_alarms_on_the_page_are_the_stack_s() -> None:
    assert f" {len(resources('AWS::CloudWatch::Alarm'))} alarms" in PAGE


def test_an_items_size_is_that_of_its_names_and_values() -> None:
    item: dict[str, dict[str, Any]] = {"pk": {"S": "RUN#bée"}, "n": {"N": "1795240800"}, "flag": {"BOOL": True}}

    assert item_bytes(item) == (2 + 8) + (1 + 7) + (4 + 1)
