"""Error messages about a wrong field: its name, its value and what it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

MAX_QUOTED_LENGTH = 160  # characters of a wrong value, as the length of an execution's cause is limited


# What each field takes, by the place of its object: "" is the input, "test" is one of its sections, "demand.batch" is
# one kind of a section that has several kinds.
FieldDescriptions = Mapping[str, Mapping[str, str]]


def sentence(detail: ErrorDetails, descriptions: FieldDescriptions) -> str:
    """An error of pydantic as a sentence."""
    *parents, name = field_path(detail)
    if ".".join((*parents, name)) in descriptions and parents:  # a section that is of none of its kinds
        *parents, name = parents
    section, fields = (parents[0] if parents else ""), descriptions[".".join(parents)]
    field = _field(section, name)
    if detail["type"] == "missing":
        return missing_field(field, fields[name])
    if detail["type"] != "extra_forbidden":
        return wrong_value(field, detail["input"], fields[name])
    if any(name in others for path, others in descriptions.items() if path.startswith(f"{section}.")):
        valid_values = f"nothing beside the rest; {section} takes {descriptions[''][section].partition('with ')[2]}"
        return wrong_value(field, detail["input"], valid_values)
    return _unknown(field, detail["input"], section, fields)


def field_path(detail: ErrorDetails) -> list[str]:
    """The names of an error's field and of the objects around it. An item of a list has the place of its list."""
    return [part for part in detail["loc"] if isinstance(part, str)]


def unreadable_key(values: Mapping[str, Any], descriptions: FieldDescriptions) -> str | None:
    """The sentence about a key with a lone surrogate, whose place pydantic does not say; None if there is none."""
    for path, fields in descriptions.items():
        section = path.partition(".")[0]
        members = values.get(section) if section else values
        for key, value in members.items() if isinstance(members, Mapping) else ():
            if not is_unicode(key):
                return _unknown(_field(section, key), value, section, fields)
    return None


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded as UTF-8; a lone surrogate can't be stored or sent."""
    return text.isascii() or text == text.encode(errors="ignore").decode()


def wrong_value(field: str, value: Any, valid_values: str) -> str:
    """The sentence about a field with a wrong value."""
    return f"{field}: got {quoted(value)}; takes {valid_values}"


def missing_field(field: str, valid_values: str) -> str:
    """The sentence about a required field that is missing."""
    return f"{field}: got nothing; takes {valid_values}"


def _unknown(field: str, value: Any, section: str, fields: Mapping[str, str]) -> str:
    known_fields = f"{section or 'the input'} takes {', '.join(sorted(fields))}"
    by_lower_case = {each.lower(): each for each in fields}
    close_names = get_close_matches(field.rpartition(".")[2].lower(), by_lower_case, n=1)
    suggestion = f" - did you mean {by_lower_case[close_names[0]]}?" if close_names else ""
    return f"{field}: unknown field, got {quoted(value)}; {known_fields}{suggestion}"


def _field(section: str, name: str) -> str:
    return f"{section}.{escaped_name(name)}" if section else escaped_name(name)


def escaped_name(name: str) -> str:
    """A key of the input as part of a sentence, escaped so that the sentence stays one line."""
    return name if re.fullmatch(r"[\w.\-]{1,60}", name, re.ASCII) else quoted(name)


def quoted(value: Any) -> str:
    """A value of the input as JSON of at most MAX_SHOWN characters that can be stored."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # too many digits or levels for Python's encoder
        text = f"something too large to show ({type(value).__name__})"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_QUOTED_LENGTH else f"{text[: MAX_QUOTED_LENGTH - 3]}..."
