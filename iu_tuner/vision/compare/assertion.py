"""`--assert "f1[bee].difference.low>0"`: a rate, a class or none, whose value, and a number to compare with."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_ASSERTION = re.compile(
    r"\s*(?P<rate>precision|recall|f1|ap50|ap75|ap|ar100)(\[(?P<klass>[^\]]+)\])?\.(?P<whose>.+?)"
    r"(\.(?P<field>value|low|high))?\s*(?P<sign>>=|<=|==|>|<)\s*(?P<number>[+-]?(\d+(\.\d*)?|\.\d+))\s*"
)
DIFFERENCE = "difference"
_TAKES = (
    "RATE[CLASS].difference.low>0 or RATE.MODEL.value>=0.9, with RATE one of precision, recall, f1, ap50, ap75, ap and"
    " ar100; a difference is the first model minus the second"
)


@dataclass(frozen=True)
class Assertion:
    """`text` is the assertion as written; `klass` is None for all classes; `whose` a model's name or `difference`."""

    text: str
    rate: str
    klass: str | None
    whose: str
    field: str
    sign: str
    number: float

    @classmethod
    def parse(cls, text: str) -> Assertion:
        """Parse an assertion. Raises UsageError, which says what it takes."""
        found = _ASSERTION.fullmatch(text)
        if found is None:
            raise UsageError(f"--assert: got {quoted(text)}; takes {_TAKES}")
        field = found["field"] or "value"
        return cls(text, found["rate"], found["klass"], found["whose"], field, found["sign"], float(found["number"]))

    def failure(self, output: Mapping[str, Any]) -> str | None:
        """Why the assertion does not hold for the contents of `compare.json`; None if it holds.

        Raises:
            UsageError: there is no such class, model or difference.
        """
        value = self._value(self._place(output))
        if value is None:
            return f"{self.text}: there is no such value, as there are too few images or objects"
        if _COMPARE[self.sign](value, self.number):
            return None
        return f"{self.text}: it is {value:.6g}"

    def _place(self, output: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.whose == DIFFERENCE:
            if not output["differences"]:
                raise UsageError(f"--assert: got {quoted(self.text)}; there is no difference with one model")
            place: Mapping[str, Any] = output["differences"][0]
        elif self.whose in output["models"]:
            place = output["models"][self.whose]
        else:
            names = ", ".join([DIFFERENCE, *output["models"]])
            raise UsageError(f"--assert: got {quoted(self.text)}; there is no {quoted(self.whose)}, but {names}")
        if self.klass is None:
            return place
        if self.klass not in place["perClass"]:
            names = ", ".join(place["perClass"])
            raise UsageError(f"--assert: got {quoted(self.text)}; there is no class {quoted(self.klass)}, but {names}")
        of_class: Mapping[str, Any] = place["perClass"][self.klass]
        return of_class

    def _value(self, place: Mapping[str, Any]) -> float | None:
        if self.rate not in place:
            raise UsageError(f"--assert: got {quoted(self.text)}; a difference has precision, recall, f1 and ap50")
        found = place[self.rate]
        if isinstance(found, Mapping):
            value: float | None = found[self.field]
            return value
        if self.field != "value":
            raise UsageError(f"--assert: got {quoted(self.text)}; {self.rate} of a model has no interval")
        return found if found is None else float(found)
