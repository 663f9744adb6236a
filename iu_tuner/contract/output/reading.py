"""Reads an execution's output, whichever version of the stack wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Findings, Output
from iu_tuner.contract.output.sentences import summarized


def parse_output(values: Mapping[str, Any]) -> Output | Findings:
    """Read an execution's output. Returns Findings if the run was skipped.

    An output of an earlier version has no `summary`: it gets one, as far as its values tell.
    """
    output: Output | Findings = from_json(Output if "cost" in values else Findings, values)
    return output if output.summary else summarized(output)
