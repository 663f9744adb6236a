"""The output's JSON is what it always was: key by key, in the same order, read and written again without a loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.reading import parse_output
from iu_tuner.contract.output.result import Findings, Output
from iu_tuner.schemas.__main__ import output_schema
from simulation.samples.report import KINDS, Kind, played

# Written by the code before the output had types; a run each, with all that an output may hold.
LINES = (Path(__file__).parent / "outputs.jsonl").read_text("utf-8").splitlines()
OUTPUTS = {output["runId"]: output for output in map(json.loads, LINES)}


def written(output: Findings) -> str:
    return json.dumps(to_json(output), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("line", LINES, ids=list(OUTPUTS))
def test_an_output_is_read_and_written_again_byte_for_byte(line: str) -> None:
    assert written(parse_output(json.loads(line))) == line


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if f"sample-{kind.name}" in OUTPUTS], ids=lambda kind: kind.name
)
def test_a_run_s_output_has_the_keys_that_it_always_had_in_their_order(kind: Kind) -> None:
    _, _, answer = played(kind)

    assert shape(to_json(answer)) == shape(OUTPUTS[answer.run_id])


def test_a_run_without_an_answer_is_known_by_its_type() -> None:
    answered = {name: isinstance(parse_output(output), Output) for name, output in OUTPUTS.items()}

    assert [name for name, has_answer in answered.items() if not has_answer] == ["r-1"]


def test_what_an_earlier_version_did_not_write_is_none_or_empty() -> None:
    old = from_json(Output, {"runId": "r", "verdict": "ok", "recommendation": {"minInferenceUnits": 2}, "later": 1})

    assert (old.max_tps.estimate, old.per_unit, old.cost.expected_usd, old.scaling) == (None, None, None, None)
    assert (old.recommendation.min_inference_units, old.recommendation.reasons, old.steps) == (2, (), ())


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=list(OUTPUTS))
def test_the_schema_takes_every_output_and_refuses_one_that_lacks_a_key(output: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(output_schema())

    validator.validate(output)

    for name in ("maxTps", "recommendation", *({"images", "model"} & set(output))):
        assert not validator.is_valid({key: value for key, value in output.items() if key != name})
    assert not validator.is_valid({**output, "verdict": "fine"})


def shape(value: Any, key: str = "") -> Any:
    """The keys, in their order; of a list those of its first item. Names of errors are no keys of the interface."""
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        [(name, shape(part, name)) for name, part in value.items()]
        if isinstance(value, dict) and key != "failures"
        else ""
    )
