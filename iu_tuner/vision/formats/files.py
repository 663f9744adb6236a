"""Reads JSON files and JSON lines, and collects what is wrong with their contents."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.labels import Box

MAX_ERRORS = 50  # more sentences than that help no reader


class FileErrors:
    """Sentences about a file; `raise_if_any` raises them all at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sentences: list[str] = []

    def add(self, location: str, sentence: str) -> None:
        """Note an error. `location` says where in the file it is."""
        self._sentences.append(f"{self._path}: {location}: {sentence}")

    def raise_if_any(self) -> None:
        """Raise UsageError with a line for each error, if there is any."""
        if not self._sentences:
            return
        hidden_errors = len(self._sentences) - MAX_ERRORS
        last_line = [f"{self._path}: … and {hidden_errors} more"] if hidden_errors > 0 else []
        raise UsageError("\n".join([*self._sentences[:MAX_ERRORS], *last_line]))


def read_json(path: Path) -> Any:
    """The JSON value in a file. Raises UsageError with a sentence if it can't be read, or holds NaN."""
    try:
        return parse_json(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is no readable JSON: {error}") from None


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """The number and the value of each line of a file of JSON lines; blank lines are passed over.

    A line that is no JSON object is yielded as its ValueError. Raises UsageError if the file can't be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _object(line)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not in UTF-8") from None


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError with a sentence."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("its objects or lists are nested too deeply") from None


def _object(line: str) -> dict[str, Any] | ValueError:
    try:
        value = parse_json(line)
    except ValueError as error:
        return error
    return value if isinstance(value, dict) else ValueError("a line takes a JSON object")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number. True and false are none, nor is an integer beyond a float's range."""
    kind = type(value)
    return (kind is float and math.isfinite(value)) or (kind is int and -1e300 < value < 1e300)


def box_of(values: Any, *, in_pixels: bool) -> Box:
    """A box of [left, top, width, height]. Raises ValueError with a sentence for NaN, text or a negative side."""
    if not (isinstance(values, list | tuple) and len(values) == 4 and all(map(is_number, values))):
        raise ValueError(f"a box takes four finite numbers; got {quoted(values)}")
    if values[2] < 0 or values[3] < 0:
        raise ValueError(f"a box takes a width and a height of at least 0; got {quoted(values)}")
    left, top, width, height = map(float, values)
    return Box(left, top, width, height, in_pixels)


def confidence_of(value: Any, maximum: int, field: str = "confidence") -> float:
    """A confidence of 0 to `maximum` (1 or 100) as 0 to 100. Raises ValueError with a sentence for any other value.

    The product is rounded to 10 decimals: 100 * 0.29 would be 28.999999999999996, below a threshold of 29.
    """
    if not is_number(value) or not 0 <= value <= maximum:
        raise ValueError(f"{field} takes 0 to {maximum} in this format; got {quoted(value)}")
    return round(100 / maximum * float(value), 10)


def size_of(width: Any, height: Any) -> tuple[int, int] | None:
    """Width and height of an image in pixels; None if one is missing or no positive number."""
    return (int(width), int(height)) if is_number(width) and is_number(height) and min(width, height) > 0 else None
