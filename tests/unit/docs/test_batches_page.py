"""The page about batches: its input is taken, and its table is what the quote says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.batch.output import BatchVerdict
from lambdas.batch.listing import entry
from lambdas.batch.unit_capacity import Capacity

PAGE = (Path(__file__).parents[3] / "docs" / "batches.md").read_text("utf-8")


def test_the_input_is_taken_and_names_every_field() -> None:
    raw = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    parsed = parse_process_input(raw)

    assert parse_process_input({"modelArn": raw["modelArn"], "deadline": raw["deadline"]}) == parsed
    written = parsed.model_dump(mode="json", by_alias=True)
    assert {key: set(value) if isinstance(value, dict) else () for key, value in raw.items()} == {
        key: set(value) if isinstance(value, dict) else () for key, value in written.items()
    }


def test_the_table_of_hours_and_dollars_is_the_quote() -> None:
    bees = Capacity(tps_per_unit=5, usd_per_unit_hour=4, quota=5)
    rows = re.findall(r"^\| (\d) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)

    assert len(rows) == 4
    for units, *numbers in rows:
        ideal = [bees.ideal_hours(54_000, int(units)), bees.ideal_usd(54_000)]
        expected = [bees.hours(54_000, int(units)), bees.expected_usd(54_000, int(units))]
        assert numbers == [f"{each:.2f}" for each in (*ideal, *expected)]


def test_the_page_names_all_verdicts_and_all_reasons() -> None:
    reasons = [value for name, value in vars(entry).items() if name.isupper() and isinstance(value, str)]

    assert [name for name in get_args(BatchVerdict) if f"| `{name}` |" not in PAGE] == []
    assert [reason for reason in reasons if f"`{reason}`" not in PAGE and reason not in ("reports/", "batches/")] == []
