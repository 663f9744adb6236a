"""Error messages about a wrong field: its name, its value and what it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

MAX_SHOWN = 160  # characters of a wrong value, as the length of an execution's cause is limited


# What each field takes, by the place of its object: "" is the input, "test" is one of its sections, "demand.batch" is
# one kind of a section that has several kinds.
Guide = Mapping[str, Mapping[str, str]]


def sentence(detail: ErrorDetails, guide: Guide) -> str:
    """An error of pydantic as a sentence."""
    *parents, name = place_of(detail)
    if ".".join((*parents, name)) in guide and parents:  # a section that is of none of its kinds
        *parents, name = parents
    section, fields = (parents[0] if parents else ""), guide[".".join(parents)]
    field = _field(section, name)
    if detail["type"] == "missing":
        return missing(field, fields[name])
    if detail["type"] != "extra_forbidden":
        return got(field, detail["input"], fields[name])
    if any(name in others for place, others in guide.items() if place.startswith(f"{section}.")):
        takes = f"nothing beside the rest; {section} takes {guide[''][section].partition('with ')[2]}"
        return got(field, detail["input"], takes)
    return _unknown(field, detail["input"], section, fields)


def place_of(detail: ErrorDetails) -> list[str]:
    """The names of an error's field and of the objects around it. An item of a list has the place of its list."""
    return [part for part in detail["loc"] if isinstance(part, str)]


def unreadable_key(raw: Mapping[str, Any], guide: Guide) -> str | None:
    """The sentence about a key with a lone surrogate, whose place pydantic does not say; None if there is none."""
    for place, fields in guide.items():
        section = place.partition(".")[0]
        found = raw.get(section) if section else raw
        for key, value in found.items() if isinstance(found, Mapping) else ():
            if not is_unicode(key):
                return _unknown(_field(section, key), value, section, fields)
    return None


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded as UTF-8; a lone surrogate can't be stored or sent."""
    return text.isascii() or text == text.encode(errors="ignore").decode()


def got(field: str, value: Any, takes: str) -> str:
    """The sentence about a field with a wrong value."""
    return f"{field}: got {shown(value)}; takes {takes}"


def missing(field: str, takes: str) -> str:
    """The sentence about a required field that is missing."""
    return f"{field}: got nothing; takes {takes}"


def _unknown(field: str, value: Any, section: str, fields: Mapping[str, str]) -> str:
    takes = f"{section or 'the input'} takes {', '.join(sorted(fields))}"
    by_lower_case = {each.lower(): each for each in fields}
    near = get_close_matches(field.rpartition(".")[2].lower(), by_lower_case, n=1)
    meant = f" - did you mean {by_lower_case[near[0]]}?" if near else ""
    return f"{field}: unknown field, got {shown(value)}; {takes}{meant}"


def _field(section: str, name: str) -> str:
    return f"{section}.{named(name)}" if section else named(name)


def named(name: str) -> str:
    """A key of the input as part of a sentence, escaped so that the sentence stays one line."""
    return name if re.fullmatch(r"[\w.\-]{1,60}", name, re.ASCII) else shown(name)


def shown(value: Any) -> str:
    """A value of the input as JSON of at most MAX_SHOWN characters that can be stored."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # too many digits or levels for Python's encoder
        text = f"something too large to show ({type(value).__name__})"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
