"""`--assert "f1[bee].difference.low>0"`: a rate, a class or none, whose value, and a number to compare with."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_ASSERTION = re.compile(
    r"\s*(?P<rate>precision|recall|f1|ap50|ap75|ap|ar100)(\[(?P<klass>[^\]]+)\])?\.(?P<subject>.+?)"
    r"(\.(?P<field>value|low|high))?\s*(?P<comparator>>=|<=|==|>|<)\s*(?P<number>[+-]?(\d+(\.\d*)?|\.\d+))\s*"
)
DIFFERENCE = "difference"
_VALID_ASSERTION = (
    "RATE[CLASS].difference.low>0 or RATE.MODEL.value>=0.9, with RATE one of precision, recall, f1, ap50, ap75, ap and"
    " ar100; a difference is the first model minus the second"
)


@dataclass(frozen=True)
class Assertion:
    """`text` is the assertion as written; `klass` is None for all classes; `subject` a model's name or `difference`."""

    text: str
    rate: str
    klass: str | None
    subject: str
    field: str
    comparator: str
    number: float

    @classmethod
    def parse(cls, text: str) -> Assertion:
        """Parse an assertion. Raises UsageError, which says what it takes."""
        match = _ASSERTION.fullmatch(text)
        if match is None:
            raise UsageError(f"--assert: got {quoted(text)}; takes {_VALID_ASSERTION}")
        field = match["field"] or "value"
        return cls(
            text, match["rate"], match["klass"], match["subject"], field, match["comparator"], float(match["number"])
        )

    def failure(self, output: Mapping[str, Any]) -> str | None:
        """Why the assertion does not hold for the contents of `compare.json`; None if it holds.

        Raises:
            UsageError: there is no such class, model or difference.
        """
        value = self._value(self._rates_entry(output))
        if value is None:
            return f"{self.text}: there is no such value, as there are too few images or objects"
        if _COMPARISONS[self.comparator](value, self.number):
            return None
        return f"{self.text}: it is {value:.6g}"

    def _rates_entry(self, output: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.subject == DIFFERENCE:
            if not output["differences"]:
                raise UsageError(f"--assert: got {quoted(self.text)}; there is no difference with one model")
            entry: Mapping[str, Any] = output["differences"][0]
        elif self.subject in output["models"]:
            entry = output["models"][self.subject]
        else:
            names = ", ".join([DIFFERENCE, *output["models"]])
            raise UsageError(f"--assert: got {quoted(self.text)}; there is no {quoted(self.subject)}, but {names}")
        if self.klass is None:
            return entry
        if self.klass not in entry["perClass"]:
            names = ", ".join(entry["perClass"])
            raise UsageError(f"--assert: got {quoted(self.text)}; there is no class {quoted(self.klass)}, but {names}")
        class_entry: Mapping[str, Any] = entry["perClass"][self.klass]
        return class_entry

    def _value(self, entry: Mapping[str, Any]) -> float | None:
        if self.rate not in entry:
            raise UsageError(f"--assert: got {quoted(self.text)}; a difference has precision, recall, f1 and ap50")
        rate = entry[self.rate]
        if isinstance(rate, Mapping):
            value: float | None = rate[self.field]
            return value
        if self.field != "value":
            raise UsageError(f"--assert: got {quoted(self.text)}; {self.rate} of a model has no interval")
        return rate if rate is None else float(rate)
