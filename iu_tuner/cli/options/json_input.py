"""Reads a JSON file of any Unicode encoding, or refuses it with a sentence."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError


def read_json(option: str, source: str) -> Any:
    """The JSON value in the file `source`, or on stdin for `-`; in UTF-8, UTF-16 or UTF-32, with or without a BOM.

    Raises:
        UsageError: names `option`, the file, and what is wrong with it.
    """
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return _parse(content)
    except OSError as error:
        reason = error.strerror or str(error)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        reason = f"it is neither UTF-8 nor UTF-16 (byte 0x{byte:02x} at {error.start}): save it as UTF-8"
    except RecursionError:
        reason = "its objects or lists are nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise UsageError(f"{option}: {source} is no readable JSON: {reason}")


def _parse(content: bytes) -> Any:
    if not content.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise ValueError("it is empty")
    # json detects the encoding of bytes.
    value = json.loads(content, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite_number)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"a text in it has half a character ({error.object[error.start]!a})") from None
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; refuses one that has a key twice, as its value would be ambiguous."""
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {quoted(next(key for key in keys if keys.count(key) > 1))} is there twice")
    return members


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _finite_number(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)
