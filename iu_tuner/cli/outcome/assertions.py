"""`--assert "tpsPerInferenceUnit>=4"`: a path in the output, a comparator, and a number, a string or true/false.

assertion = path comparator value
path      = name ("." name)*             names as in the output; a number picks from a list
value     = number | word | "text" | 'text' | true | false
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.contract.output.json_values import json_name
from iu_tuner.contract.output.result import Output
from iu_tuner.exit_codes import UsageError

Value = float | str | bool

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_ASSERTION = re.compile(
    r"\s*(?P<path>[A-Za-z]\w*(\.\w+)*)\s*(?P<comparator>>=|<=|==|!=|>|<)\s*(?P<value>\S.*?)\s*", re.ASCII
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z][\w.\-]*", re.ASCII)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_VALID_ASSERTION = 'a path in the output, one of >= <= == != > <, and a number or text, like "tpsPerInferenceUnit>=4"'

# The first names of a path. A misspelt one is refused before it costs a run.
OUTPUT_NAMES = tuple(dict.fromkeys(json_name(each.name) for each in fields(Output)))


@dataclass(frozen=True)
class AssertionResult:
    """The result of an assertion; `sentence` is a sentence with the value that the output has."""

    assertion: str
    holds: bool
    sentence: str


@dataclass(frozen=True)
class Assertion:
    """`text` is the assertion as the user wrote it; the other fields are its parts."""

    text: str
    path: tuple[str, ...]
    comparator: str
    value: Value

    @classmethod
    def parse(cls, text: str) -> Assertion:
        """Parse an assertion. Raises UsageError, which says what `--assert` takes."""
        match = _ASSERTION.fullmatch(text)
        value = _value(match["value"]) if match else None
        if match is None or value is None:
            raise UsageError(f"--assert: got {quoted(text)}; takes {_VALID_ASSERTION}")
        path, comparator = tuple(match["path"].split(".")), match["comparator"]
        if path[0] not in OUTPUT_NAMES:
            raise UsageError(
                f"--assert: got {quoted(text)}; the output has no {quoted(path[0])}, but {', '.join(OUTPUT_NAMES)}"
            )
        if isinstance(value, bool) and comparator not in ("==", "!="):
            raise UsageError(f"--assert: got {quoted(text)}; true and false take == or !=")
        return cls(text.strip(), path, comparator, value)

    def check(self, output: Mapping[str, Any]) -> AssertionResult:
        """Check the assertion. It fails if the values can't be compared."""
        try:
            value = self._value_at_path(output)
            holds = _COMPARISONS[self.comparator](value, self.value)
        except LookupError as error:
            return AssertionResult(self.text, False, str(error.args[0]))
        return AssertionResult(self.text, holds, f"{'.'.join(self.path)} is {quoted(value)}")

    def _value_at_path(self, output: Mapping[str, Any]) -> Value:
        """The value at the path. Raises LookupError if there is none, or one of another type than `value`."""
        value: Any = output
        for depth, name in enumerate(self.path):
            subject = f"{'.'.join(self.path[:depth])} has" if depth else "the output has"
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                raise LookupError(f"{subject} no {quoted(name)}{_available(value)}")
        path = ".".join(self.path)
        if value is None:
            raise LookupError(f"{path} is null: this run has no such value")
        if _kind(value) != _kind(self.value):
            raise LookupError(f"{path} is {quoted(value)}, which is not {_kind(self.value)}")
        typed_value: Value = value
        return typed_value


def _value(text: str) -> Value | None:
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return number if math.isfinite(number := float(text)) else None
    if quoted_text := _QUOTED.fullmatch(text):
        return quoted_text[1] if quoted_text[1] is not None else quoted_text[2]
    return text if _WORD.fullmatch(text) else None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a text" if isinstance(value, str) else "a single value"


def _available(value: Any) -> str:
    if isinstance(value, Mapping):
        return f", but {', '.join(map(str, value))}" if value else ": it is empty"
    if isinstance(value, list):
        return f": it is a list of {len(value)}, counted from 0"
    return f": it is {json.dumps(value)[:80]}"
