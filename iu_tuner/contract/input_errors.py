"""What is said of a wrong field: its name, what it got and what it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

MAX_SHOWN = 160  # characters of a wrong value; an execution's cause has its limit


# What each field takes, by the place of its object in the input: "" is the input, "test" one of its
# sections, "demand.batch" a kind of a section that comes in several.
Guide = Mapping[str, Mapping[str, str]]


def sentence(detail: ErrorDetails, guide: Guide) -> str:
    """Pydantic's finding in words."""
    *parents, name = [str(part) for part in detail["loc"]]
    if ".".join((*parents, name)) in guide and parents:  # a section of several kinds, and of none of them
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


def unreadable_key(raw: Mapping[str, Any], guide: Guide) -> str | None:
    """Half a surrogate pair in a key is valid JSON, and refused by pydantic without saying where."""
    for place, fields in guide.items():
        section = place.partition(".")[0]
        found = raw.get(section) if section else raw
        for key, value in found.items() if isinstance(found, Mapping) else ():
            if not is_unicode(key):
                return _unknown(_field(section, key), value, section, fields)
    return None


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold it: half a surrogate pair can't be stored or sent."""
    return text.isascii() or text == text.encode(errors="ignore").decode()


def got(field: str, value: Any, takes: str) -> str:
    """A field with a value that it does not take."""
    return f"{field}: got {shown(value)}; takes {takes}"


def missing(field: str, takes: str) -> str:
    """A field that has to be there and is not."""
    return f"{field}: got nothing; takes {takes}"


def _unknown(field: str, value: Any, section: str, fields: Mapping[str, str]) -> str:
    return f"{field}: unknown field, got {shown(value)}; {section or 'the input'} takes {', '.join(sorted(fields))}"


def _field(section: str, name: str) -> str:
    return f"{section}.{named(name)}" if section else named(name)


def named(name: str) -> str:
    """A key of the input as part of a sentence: whatever stands in it, the sentence stays one line."""
    return name if re.fullmatch(r"[\w.\-]{1,60}", name, re.ASCII) else shown(name)


def shown(value: Any) -> str:
    """A value of the input as JSON, cut where it gets long, and fit to be stored."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # more digits, or deeper, than Python writes
        text = f"something too large to show ({type(value).__name__})"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
