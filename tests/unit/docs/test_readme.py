"""What the README and its further pages show is what the app takes, does and answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from iu_tuner.contract.errors import NAMES
from iu_tuner.contract.events import SOURCE, DetailType
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.live_run import Receipt
from lambdas.runs.failed_run import FailedRun
from simulation.image_comparison import sample_comparison
from simulation.sample_run import INPUT, sample_output
from tests.infra.deployments import REGIONS
from tests.infra.synth import definition
from tests.support import past_traffic
from tests.unit.experiments.test_scaling import verified
from tests.unit.planning.test_advice import recommendation

RECEIPT = Receipt("finally", 1_795_250_580.0, "STOPPED", "STOPPED", 1_795_241_400.0, 1_795_250_580.0, 2.55, 10.2)
REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "README.md").read_text("utf-8")


def block_after(marker: str) -> str:
    pages = README + "".join(page.read_text("utf-8") for page in (REPOSITORY / "docs").glob("*.md"))
    found = re.search(rf"<!-- {marker} -->\s+```json\n(.*?)```", pages, re.DOTALL)
    assert found, marker
    return found.group(1)


def test_the_sample_input_is_accepted() -> None:
    shown = json.loads(block_after("sample input"))

    assert shown == INPUT
    assert parse_input(shown).model_arn == INPUT["modelArn"]


def test_the_sample_output_is_the_search_s() -> None:
    """To refresh it: python -m simulation.sample_run"""
    assert json.loads(block_after("sample output")) == sample_output()


def test_the_sample_of_past_traffic_is_the_output_s() -> None:
    past = past_traffic.office_hours(tps=12)

    assert is_part(json.loads(block_after("sample demand")), recommendation(past))


def test_the_sample_of_a_comparison_is_the_output_s() -> None:
    assert json.loads(block_after("sample comparison")) == sample_comparison()


def test_the_sample_of_a_second_measurement_is_the_output_s() -> None:
    _, _, found = verified(tps_per_iu=5, unit_efficiency=0.8)

    assert json.loads(f"{{{block_after('sample scaling')}}}") == {"scaling": to_json(found.as_output())}


def is_part(shown: Any, whole: Any) -> bool:
    if not isinstance(shown, dict):
        return bool(shown == whole)
    return all(key in whole and is_part(value, whole[key]) for key, value in shown.items())


def test_the_sample_event_is_what_a_failed_run_sends() -> None:
    shown = json.loads(block_after("sample event"))

    detail = shown["detail"]
    run = FailedRun(detail["runId"], detail["modelArn"], detail["error"], detail["cause"], RECEIPT)
    assert detail == to_json(run.as_output())
    assert (shown["source"], shown["resources"]) == (SOURCE, [INPUT["modelArn"]])
    assert shown["detail-type"] in get_args(DetailType)


def test_the_regions_of_custom_labels_are_named() -> None:
    assert all(region in README for region in REGIONS)


def test_every_error_and_verdict_is_named() -> None:
    assert all(f"`{name}`" in README for name in NAMES)


def test_the_picture_has_the_machine_s_states() -> None:
    diagram = README.partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", re.sub(r'"[^"]*"|:.*', "", diagram)))

    assert drawn == {name.rstrip("?") for name in state_names(definition())}


def state_names(machine: dict) -> set[str]:  # type: ignore[type-arg]
    names = set()
    for name, state in machine["States"].items():
        names |= {name}
        for inner in (*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])):
            names |= state_names(inner)
    return names


@pytest.mark.parametrize("command", ["make demo", "make test", "make faults", "make bench", "make lint"])
def test_the_commands_exist(command: str) -> None:
    makefile = (Path(__file__).parents[3] / "Makefile").read_text("utf-8")

    assert f"\n{command.removeprefix('make ')}: " in makefile
